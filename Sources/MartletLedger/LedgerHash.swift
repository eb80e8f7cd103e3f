import Crypto
import MartletCore
import MartletStore

/// The chain's arithmetic: SHA-256 over canonical JSON.
enum LedgerHash {
  /// What the first entry names as the one before it.
  static let beforeTheFirst = String(repeating: "0", count: 64)

  /// 64 hexadecimal digits.
  static func of(_ text: String) -> String { hex(SHA256.hash(data: Array(text.utf8))) }

  /// The columns an entry's hash covers, in the order of `values`.
  static let columns =
    "sequence, id, time, actor, role, action, object, before_hash, after_hash, reason, request_id"

  private static let columnNames = columns.split(separator: ",").map { String($0.drop { $0 == " " }) }

  /// The hash of an entry, from its stored columns and the hash of the entry before it.
  static func of(entry values: [SQLValue], after previous: String) -> String {
    var members: [String: JSON] = ["previous_hash": .string(previous)]
    for (name, value) in zip(columnNames, values) { members[name] = json(value) }
    return of(JSON.object(members).text)
  }

  /// A stored value as it is, whatever type somebody may have put there.
  private static func json(_ value: SQLValue) -> JSON {
    switch value {
    case .null: .null
    case .integer(let number): .integer(number)
    case .real(let number): .double(number)
    case .text(let text): .string(text)
    case .blob(let bytes): .array(bytes.map { .integer(Int64($0)) })
    }
  }

  static func hex(_ bytes: some Sequence<UInt8>) -> String { MartletCore.Digest(bytes: bytes).hex }
}

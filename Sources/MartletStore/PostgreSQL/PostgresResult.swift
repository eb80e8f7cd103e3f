import CPostgreSQL

/// The outcome of one statement; frees it when the last reader is gone.
final class PostgresResult {
  let handle: OpaquePointer?

  init(_ handle: OpaquePointer?) { self.handle = handle }

  deinit { PQclear(handle) }

  var rowCount: Int32 { PQntuples(handle) }

  /// Text or number by the column's type; a boolean is 0 or 1, an exact decimal is whole where it fits.
  func value(row: Int32, column: Int32) -> SQLValue {
    guard column < PQnfields(handle), PQgetisnull(handle, row, column) == 0,
      let start = PQgetvalue(handle, row, column)
    else { return .null }
    let count = Int(PQgetlength(handle, row, column))
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    switch PQftype(handle, column) {
    case PostgresType.bigint, PostgresType.integer, PostgresType.smallint, PostgresType.oid:
      return Int64(text(bytes)).map(SQLValue.integer) ?? .null
    case PostgresType.double, PostgresType.real: return Double(text(bytes)).map(SQLValue.real) ?? .null
    case PostgresType.numeric: return number(text(bytes))
    case PostgresType.boolean: return .integer(bytes.first == UInt8(ascii: "t") ? 1 : 0)
    case PostgresType.bytea: return .blob(Self.bytes(fromHex: bytes.dropFirst(2)))
    default: return .text(text(bytes))
    }
  }

  private func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

  private func number(_ text: String) -> SQLValue {
    if let whole = Int64(text) { return .integer(whole) }
    return Double(text).map(SQLValue.real) ?? .text(text)
  }

  private static func bytes(fromHex digits: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
    func value(_ digit: UInt8) -> UInt8 { digit <= UInt8(ascii: "9") ? digit - 48 : digit - 87 }
    return stride(from: digits.startIndex, to: digits.endIndex - 1, by: 2).map {
      value(digits[$0]) << 4 | value(digits[$0 + 1])
    }
  }
}

/// Object ids of PostgreSQL's built-in types (`pg_type.dat`).
enum PostgresType {
  static let boolean: Oid = 16
  static let bytea: Oid = 17
  static let bigint: Oid = 20
  static let smallint: Oid = 21
  static let integer: Oid = 23
  static let oid: Oid = 26
  static let real: Oid = 700
  static let double: Oid = 701
  static let numeric: Oid = 1700
  /// The server finds the type from the context.
  static let inferred: Oid = 0
}

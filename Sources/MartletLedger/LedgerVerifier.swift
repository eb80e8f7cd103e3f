import MartletCore
import MartletStore

/// Walks the chain from its start and notes what does not fit.
struct LedgerVerifier: Sendable {
  private(set) var result = LedgerVerification(
    sealedEntries: 0, head: nil, unsealedEntries: 0, checkpointCompared: false, problems: [])
  private var previous = LedgerHead.start

  /// A thoroughly broken ledger is not listed entry by entry.
  static let mostProblems = 20
  private static let pageSize = 2000

  mutating func readChain(in connection: any SQLConnection) throws {
    var last = Int64.min
    while true {
      let page = try connection.rows(
        """
        SELECT \(LedgerHash.columns), before_json, after_json, previous_hash, hash FROM ledger_entries
        WHERE sequence > ? ORDER BY sequence LIMIT \(Self.pageSize)
        """, [.integer(last)]
      ) { row in StoredEntry { row[$0] } }
      for entry in page { check(entry) }
      guard page.count == Self.pageSize, let sequence = page.last?.sequence else { return }
      last = sequence
    }
  }

  /// Entries that wait for the sealer carry no hash yet; one that does was sealed once and taken out of the chain.
  mutating func readUnsealed(in connection: any SQLConnection) throws {
    let waiting = try connection.rows(
      "SELECT id, action, object, hash, previous_hash FROM ledger_entries WHERE sequence IS NULL ORDER BY id", []
    ) { row in (id: row[0], action: row[1], object: row[2], isUntouched: row[3] == .null && row[4] == .null) }
    result.unsealedEntries = Int64(waiting.count)
    for entry in waiting where !entry.isUntouched {
      add(.changed, nil, "a sealed entry was taken out of the chain: \(entry.action.shown) of \(entry.object.shown)")
    }
  }

  /// The end of the chain must be what the sealer noted beside it.
  mutating func compare(stored head: LedgerHead?) {
    guard head != result.head else { return }
    let noted = head.map { "entry \($0.sequence) (\($0.hash.prefix(12))…)" } ?? "no entry"
    let found = result.head.map { "entry \($0.sequence) (\($0.hash.prefix(12))…)" } ?? "no entry"
    add(.truncated, head?.sequence, "the chain ends with \(found), the sealer noted \(noted) as its end")
  }

  /// The entry that was signed as the end must still be in the chain.
  mutating func compare(signed head: LedgerHead, isThere: Bool) {
    result.checkpointCompared = true
    if isThere { return }
    add(.truncated, head.sequence, "entry \(head.sequence), which was signed, is no longer there as it was")
  }

  mutating func add(_ kind: LedgerProblem.Kind, _ sequence: Int64?, _ message: String) {
    guard result.problems.count < Self.mostProblems else { return }
    result.problems.append(LedgerProblem(kind: kind, sequence: sequence, message: message))
  }

  private mutating func check(_ entry: StoredEntry) {
    guard let sequence = entry.sequence else { return add(.changed, nil, "\(entry.description) has a damaged number") }
    if sequence != previous.sequence + 1 {
      let missing = "\(previous.sequence + 1)" + (sequence - previous.sequence > 2 ? " to \(sequence - 1)" : "")
      add(.missing, previous.sequence + 1, "entry \(missing) is missing before \(entry.description)")
    } else if entry.previousHash != previous.hash {
      add(.unlinked, sequence, "\(entry.description) does not follow from the entry before it")
    }
    if let field = entry.changedField {
      add(.changed, sequence, "\(entry.description) was changed: \(field) is not what was sealed")
    }
    previous = LedgerHead(sequence: sequence, hash: entry.hash ?? "")
    result.head = previous
    result.sealedEntries += 1
  }
}

/// One row of the chain, every column as it is, whatever type somebody may have put there.
private struct StoredEntry {
  private let values: [SQLValue]

  init(_ value: (Int) -> SQLValue) { values = (0..<15).map(value) }

  var sequence: Int64? { if case .integer(let number) = values[0] { number } else { nil } }
  var previousHash: String? { text(13) }
  var hash: String? { text(14) }

  /// What does not fit the entry's hashes; nil when all does.
  var changedField: String? {
    if !fits(json: values[11], hash: values[7]) { return "the state before" }
    if !fits(json: values[12], hash: values[8]) { return "the state after" }
    return LedgerHash.of(entry: Array(values.prefix(11)), after: previousHash ?? "") == hash
      ? nil : "its content or its hash"
  }

  var description: String {
    let time =
      if case .integer(let number) = values[2] { "\(Timestamp(milliseconds: number))" } else { "an unknown time" }
    return "entry \(sequence.map(String.init) ?? "?") (\(values[5].shown) of \(values[6].shown) at \(time))"
  }

  private func text(_ position: Int) -> String? { if case .text(let text) = values[position] { text } else { nil } }

  private func fits(json: SQLValue, hash: SQLValue) -> Bool {
    switch json {
    case .null: hash == .null
    case .text(let text): hash == .text(LedgerHash.of(text))
    default: false
    }
  }
}

extension SQLValue {
  /// A short text for messages.
  fileprivate var shown: String { if case .text(let text) = self { "'\(text.prefix(80))'" } else { "'?'" } }
}

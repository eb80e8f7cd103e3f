import MartletCore
import MartletStore

extension Ledger {
  /// Chains every entry committed so far, in order of arrival; returns how many. One sealer runs at a time.
  @discardableResult
  package func seal() async throws -> Int {
    guard try await hasUnsealed() else { return 0 }
    try await requireSignedEnd()
    var sealed = 0
    while try await hasUnsealed() {
      let (count, head) = try await database.write(Self.sealSome)
      sealed += count
      if let head { try await checkpoint?.write(head) }
    }
    return sealed
  }

  /// One transaction seals no more than this, so that writers never wait long.
  private static let largestBatch = 500

  /// Nothing is added to a chain whose signed end is gone: a new signature would hide that.
  private func requireSignedEnd() async throws {
    guard let checkpoint else { return }
    let stored = try await database.read { try LedgerHead.stored(in: $0) }
    switch try await checkpoint.read() {
    case .nothing: try await checkpoint.write(stored ?? .start)
    case .onlyKey:
      guard stored == nil else { throw checkpoint.changed("it is missing") }
      try await checkpoint.write(.start)
    case .signed(let head):
      guard try await database.read({ try head.isPart(ofChainIn: $0) }) else {
        throw MartletError(
          .checkFailed, "the ledger is not sealed any further: its end was cut off or replaced",
          cause: "entry \(head.sequence), which was signed, is no longer there as it was",
          fix: "run `martlet audit verify`, and restore a backup")
      }
    }
  }

  private func hasUnsealed() async throws -> Bool {
    try await database.read { connection in
      try connection.first("SELECT id FROM ledger_entries WHERE sequence IS NULL LIMIT 1") { try $0.integer(0) } != nil
    }
  }

  @Sendable
  private static func sealSome(_ connection: any SQLConnection) throws -> (count: Int, head: LedgerHead?) {
    var head = try LedgerHead.stored(in: connection) ?? .start
    let waiting = try connection.rows(
      """
      SELECT \(LedgerHash.columns) FROM ledger_entries WHERE sequence IS NULL ORDER BY id LIMIT \(largestBatch)
      """
    ) { row in (0..<11).map { row[$0] } }
    for entry in waiting {
      let next = head.sequence + 1
      let hash = LedgerHash.of(entry: [.integer(next)] + entry.dropFirst(), after: head.hash)
      try connection.execute(
        "UPDATE ledger_entries SET sequence = ?, previous_hash = ?, hash = ? WHERE id = ?",
        [.integer(next), .text(head.hash), .text(hash), entry[1]])
      head = LedgerHead(sequence: next, hash: hash)
    }
    guard !waiting.isEmpty else { return (0, nil) }
    try head.store(in: connection)
    return (waiting.count, head)
  }
}

/// The newest sealed entry: how long the chain is, and where it ends.
package struct LedgerHead: Sendable, Hashable, Codable {
  package var sequence: Int64
  /// 64 hexadecimal digits.
  package var hash: String

  /// Before the first entry.
  static let start = LedgerHead(sequence: 0, hash: LedgerHash.beforeTheFirst)

  /// Whether the chain still holds the entry that once was its end.
  func isPart(ofChainIn connection: any SQLConnection) throws -> Bool {
    if self == .start { return true }
    let stored = try connection.first("SELECT hash FROM ledger_entries WHERE sequence = ?", [.integer(sequence)]) {
      $0[0]
    }
    return stored == .text(hash)
  }

  static func stored(in connection: any SQLConnection) throws -> LedgerHead? {
    try connection.first("SELECT sequence, hash FROM ledger_head WHERE position = 1") {
      LedgerHead(sequence: try $0.integer(0), hash: try $0.text(1))
    }
  }

  func store(in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO ledger_head (position, sequence, hash) VALUES (1, ?, ?)
      ON CONFLICT (position) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash
      """, [.integer(sequence), .text(hash)])
  }
}

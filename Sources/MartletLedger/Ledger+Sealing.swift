import MartletCore
import MartletStore

extension Ledger {
  /// Chains every entry committed so far, in order of arrival; returns how many. One sealer runs at a time.
  @discardableResult
  package func seal() async throws -> Int {
    guard try await hasUnsealed() else { return 0 }
    try await requireSignedEnd()
    var sealed = 0
    while true {
      // Hashed between the transactions: those who write meanwhile do not wait for it.
      let (start, waiting) = try await database.read(Self.waiting)
      guard !waiting.isEmpty else { return sealed }
      let links = LedgerLink.chain(waiting, after: start)
      let end = LedgerHead(sequence: links[links.count - 1].sequence, hash: links[links.count - 1].hash)
      try await database.write { connection in
        guard try LedgerHead.stored(in: connection) ?? .start == start else {
          throw MartletError(.conflict, "the ledger was sealed by somebody else", fix: "run one server for a database")
        }
        try LedgerLink.store(links, in: connection)
        try end.store(in: connection)
      }
      sealed += links.count
      try await checkpoint?.write(end)
    }
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

  /// The end of the chain, and the columns of the entries that come next.
  @Sendable
  private static func waiting(_ connection: any SQLConnection) throws -> (LedgerHead, [[SQLValue]]) {
    let waiting = try connection.rows(
      """
      SELECT \(LedgerHash.columns) FROM ledger_entries WHERE sequence IS NULL ORDER BY id LIMIT \(largestBatch)
      """
    ) { row in (0..<11).map { row[$0] } }
    return (try LedgerHead.stored(in: connection) ?? .start, waiting)
  }
}

/// What ties one entry to the one before it.
private struct LedgerLink: Sendable {
  var id: SQLValue
  var sequence: Int64
  var previous: String
  var hash: String

  static func chain(_ entries: [[SQLValue]], after head: LedgerHead) -> [LedgerLink] {
    var (sequence, previous) = (head.sequence, head.hash)
    return entries.map { entry in
      sequence += 1
      let hash = LedgerHash.of(entry: [.integer(sequence)] + entry.dropFirst(), after: previous)
      defer { previous = hash }
      return LedgerLink(id: entry[1], sequence: sequence, previous: previous, hash: hash)
    }
  }

  /// A hundred in a statement, and the rest one by one.
  static func store(_ links: [LedgerLink], in connection: any SQLConnection) throws {
    var rest = links[...]
    while !rest.isEmpty {
      let count = rest.count >= 100 ? 100 : 1
      try connection.execute(count == 100 ? hundred : one, rest.prefix(count).flatMap(\.values))
      rest = rest.dropFirst(count)
    }
  }

  private var values: [SQLValue] { [id, .integer(sequence), .text(previous), .text(hash)] }

  private static let one = update(1)
  private static let hundred = update(100)

  private static func update(_ count: Int) -> String {
    """
    WITH link (id, sequence, previous_hash, hash) AS (
      VALUES \(Array(repeating: "(?, ?, ?, ?)", count: count).joined(separator: ", ")))
    UPDATE ledger_entries SET sequence = link.sequence, previous_hash = link.previous_hash, hash = link.hash
    FROM link WHERE ledger_entries.id = link.id
    """
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

package import MartletCore
package import MartletStore

/// The append-only record of state changes.
///
/// A change and its entry are written in one transaction. A single sealer later chains committed entries in order,
/// so that the chain never makes writers wait; `verify` finds what was changed, removed or cut off since.
package struct Ledger: Sendable {
  let database: any Database
  let checkpoint: CheckpointFile?

  /// With a `checkpoint` file, the newest sealed entry is also signed outside the database, so that even one who
  /// rewrites the whole table is noticed.
  package init(database: any Database, checkpoint: CheckpointFile? = nil) {
    self.database = database
    self.checkpoint = checkpoint
  }

  /// Adds an entry to the transaction that makes the change it tells of.
  package static func append(
    _ entry: LedgerEntry, by author: Author, at time: Timestamp, in connection: any SQLConnection
  ) throws {
    let (before, after) = (entry.before?.text, entry.after?.text)
    try connection.execute(
      """
      INSERT INTO ledger_entries
        (time, actor, role, action, object, before_json, before_hash, after_json, after_hash, reason, request_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        SQLValue(time), .text(author.name), .text(author.role), .text(entry.action), .text(entry.object),
        SQLValue(before), SQLValue(before.map(LedgerHash.of)), SQLValue(after), SQLValue(after.map(LedgerHash.of)),
        SQLValue(entry.reason), SQLValue(author.requestID),
      ])
  }
}

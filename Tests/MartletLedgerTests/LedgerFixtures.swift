import MartletCore
import MartletLedger
import MartletStore
import MartletTesting

let someone = Author(name: "ada", role: "data scientist", requestID: "r-1")
let firstOfMay = Timestamp(year: 2013, month: 5, day: 1)

/// A migrated database with a ledger of `count` entries, an hour apart, sealed unless told otherwise.
func withLedger(
  _ kind: TestDatabase.Kind, entries count: Int = 0, sealed: Bool = true, checkpoint: CheckpointFile? = nil,
  _ body: (Ledger, any Database) async throws -> Void
) async throws {
  let database = try await kind.open()
  let ledger = Ledger(database: database, checkpoint: checkpoint)
  do {
    for number in 0..<count { try await append(number, to: database) }
    if sealed { try await ledger.seal() }
    try await body(ledger, database)
  } catch {
    await database.close()
    throw error
  }
  await database.close()
}

/// One promotion of model number `number`.
func append(_ number: Int, to database: any Database) async throws {
  try await database.write { connection in
    try Ledger.append(
      LedgerEntry(
        action: number.isMultiple(of: 2) ? "deployment.promoted" : "run.created", object: "endpoint:p/e\(number % 3)",
        before: ["version": .integer(Int64(number))], after: ["version": .integer(Int64(number + 1))],
        reason: "reason number \(number)"),
      by: someone, at: firstOfMay + .seconds(number * 3600), in: connection)
  }
}

/// Of `append` for 0, 1 and 2: SHA-256 of `{"action":…,"previous_hash":…,…}`, keys sorted, no spaces.
let referenceHashes = [
  "3bafda59b8ed761522238aac5eaf54c9d4d41f247cb1c8f6105e01315dcb1c24",
  "6f5c38cee241a0607297935a2335d86542b988765c4bbaf9507a63d189be655e",
  "1802724fb4203f74d5bff8fdde0a0b2085305561817efa499701ced7b9b86661",
]

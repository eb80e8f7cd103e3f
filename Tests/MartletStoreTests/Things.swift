import MartletStore
import MartletTesting

/// One table with a column of each type.
let thingTables = [
  Migration(
    "things",
    [
      """
      CREATE TABLE things (id {serial}, name TEXT NOT NULL UNIQUE, count BIGINT, size DOUBLE PRECISION, bytes {blob},
        note TEXT)
      """
    ])
]

/// A new database with that table, closed when `body` ends.
func withThings(_ kind: TestDatabase.Kind, _ body: (any Database) async throws -> Void) async throws {
  let database = try await kind.open(migrations: thingTables)
  do { try await body(database) } catch {
    await database.close()
    throw error
  }
  await database.close()
}

func names(_ database: any Database) async throws -> [String] {
  try await database.read { try $0.rows("SELECT name FROM things ORDER BY name") { try $0.text(0) } }
}

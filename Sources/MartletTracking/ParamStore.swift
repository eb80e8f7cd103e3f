import MartletCore
import MartletStore

/// The SQL of parameters, which never change, and of tags, which do.
enum ParamStore {
  private static let columns = [
    TypedColumn("run", "bigint"), TypedColumn("key", "text"), TypedColumn("value", "text"),
  ]

  /// Adds parameters; the same value again is fine, another value for a known key is 400 and names both.
  static func log(_ params: [KeyValue], to row: RunStore.Row, in connection: any SQLConnection) throws {
    guard !params.isEmpty else { return }
    let inserted = try connection.insertNew(
      "params", columns, params.map { [.integer(row.number), .text($0.key), .text($0.value)] })
    if inserted == params.count { return }
    let stored = Dictionary(
      try connection.rows("SELECT key, value FROM params WHERE run = ?", [.integer(row.number)]) {
        (try $0.text(0), try $0.text(1))
      }, uniquingKeysWith: { first, _ in first })
    for param in params {
      guard let old = stored[param.key], !old.utf8.elementsEqual(param.value.utf8) else { continue }
      throw MartletError.invalidInput(
        "Changing param values is not allowed. Param with key='\(param.key)' was already logged with "
          + "value='\(old.prefix(200))' for run ID='\(row.info.id)'. Attempted logging new value "
          + "'\(param.value.prefix(200))'.")
    }
  }

  /// Sets tags, the last of equal keys winning.
  static func setTags(_ tags: [KeyValue], on run: Int64, in connection: any SQLConnection) throws {
    for tag in tags {
      try connection.execute(
        """
        INSERT INTO run_tags (run, key, value) VALUES (?, ?, ?)
        ON CONFLICT (run, key) DO UPDATE SET value = excluded.value
        """, [.integer(run), .text(tag.key), .text(tag.value)])
    }
  }

  static func deleteTag(_ key: String, of run: Int64, in connection: any SQLConnection) throws -> Bool {
    try connection.execute("DELETE FROM run_tags WHERE run = ? AND key = ?", [.integer(run), .text(key)]) > 0
  }

  static func tag(_ key: String, of run: Int64, in connection: any SQLConnection) throws -> String? {
    try connection.first("SELECT value FROM run_tags WHERE run = ? AND key = ?", [.integer(run), .text(key)]) {
      try $0.text(0)
    }
  }

  /// Every row of `params` or `run_tags` of these runs, in order of run and key.
  static func forEach(
    _ table: String, of runs: [Int64], in connection: any SQLConnection, _ body: (Int64, KeyValue) -> Void
  ) throws {
    let sql = "SELECT run, key, value FROM \(table) WHERE run IN (@) ORDER BY run, key"
    try connection.forEachRow(sql, keys: runs) { row in
      body(try row.integer(0), KeyValue(try row.text(1), try row.text(2)))
    }
  }
}

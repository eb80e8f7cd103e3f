import MartletCore
import MartletStore

/// The SQL of parameters, which never change, and of tags, which do.
enum ParamStore {
  private static let columns = [
    TypedColumn("run", "bigint"), TypedColumn("key", "text"), TypedColumn("value", "text"),
  ]
  private static let addParams = BulkInsert(into: "params", columns, onConflict: "DO NOTHING")
  private static let putTags = BulkInsert(
    into: "run_tags", columns, onConflict: "(run, key) DO UPDATE SET value = excluded.value")

  /// Adds parameters; the same value again is fine, another value for a known key is 400 and names both.
  static func log(_ params: [KeyValue], to row: RunStore.Row, in connection: any SQLConnection) throws {
    guard !params.isEmpty else { return }
    let inserted = try addParams.run(params.count, in: connection) {
      value(of: params[$0], in: row.number, column: $1)
    }
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
    let tags = merged(tags)
    try putTags.run(tags.count, in: connection) { value(of: tags[$0], in: run, column: $1) }
  }

  /// Tags as they are stored: the last of equal keys, in order of key.
  static func merged(_ tags: [KeyValue]) -> [KeyValue] {
    guard tags.count > 1 else { return tags }
    return Dictionary(tags.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
      .map { KeyValue($0.key, $0.value) }.sorted { $0.key < $1.key }
  }

  private static func value(of pair: KeyValue, in run: Int64, column: Int) -> SQLValue {
    switch column {
    case 0: .integer(run)
    case 1: .text(pair.key)
    default: .text(pair.value)
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

  private static let paramsOfRuns = KeyedQuery(
    "SELECT run, key, value FROM params WHERE run IN (@) ORDER BY run, key")
  private static let tagsOfRuns = KeyedQuery(
    "SELECT run, key, value FROM run_tags WHERE run IN (@) ORDER BY run, key")

  /// Every parameter of these runs, in order of run and key.
  static func forEachParam(of runs: [Int64], in connection: any SQLConnection, _ body: (Int64, KeyValue) -> Void) throws
  {
    try paramsOfRuns.forEachRow(of: runs, in: connection) { body(try $0.integer(0), try pair($0)) }
  }

  /// Every tag of these runs, in order of run and key.
  static func forEachTag(of runs: [Int64], in connection: any SQLConnection, _ body: (Int64, KeyValue) -> Void) throws {
    try tagsOfRuns.forEachRow(of: runs, in: connection) { body(try $0.integer(0), try pair($0)) }
  }

  private static func pair(_ row: SQLRow) throws -> KeyValue { KeyValue(try row.text(1), try row.text(2)) }
}

import MartletCore
import MartletEngines

/// A few rows of a query as JSON objects, for people to look at.
enum RowSamples {
  static func rows(_ sql: String, limit: Int = Finding.sampleLimit, _ database: DuckDB) throws -> [JSON] {
    let texts = try database.query(
      "SELECT CAST(to_json(sample) AS VARCHAR) AS row FROM (SELECT * FROM (\(sql)\n) LIMIT \(limit)) AS sample"
    ).texts("row")
    return texts.compactMap { $0.flatMap { try? JSON.parse($0) } }
  }

  /// Adds sample rows to the findings of the scan's checks.
  static func add(to findings: inout [Finding], checks: [CompiledCheck], _ raw: RawTable, _ database: DuckDB) throws {
    for index in findings.indices {
      guard let check = checks.first(where: { $0.title == findings[index].check && $0.kind == findings[index].kind }),
        let fails = check.rowFails, let partition = findings[index].partition
      else { continue }
      findings[index].failingRows = try rows(
        """
        SELECT \(raw.position), * EXCLUDE (_partition) FROM typed
        WHERE _partition = \(SQLText.literal(partition)) AND (\(fails))
        """, database)
    }
  }
}

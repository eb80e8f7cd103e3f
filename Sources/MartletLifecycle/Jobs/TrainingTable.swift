import MartletCore
import MartletEngines
import MartletJobs

/// A training or test table read for modelling: rows in time order, without those whose label is unknown.
struct TrainingTable {
  var frame: Frame
  var labels: [Double]

  /// - Parameter order: columns that sort the rows, the first in time; together they should name a row.
  static func read(
    _ file: String, inputs: TrainingInputs, order: [String], extra: [String] = [], folders: [String],
    context: JobContext
  ) throws -> TrainingTable {
    let database = try DuckDB.open(engines: EngineFolder(context.engines), allowedDirectories: folders, threads: 1)
    let label = SQLText.quote(inputs.label)
    let columns = (inputs.columns + extra.filter { !inputs.columns.contains($0) }).map { SQLText.quote($0) }
    let sorting = order.isEmpty ? "" : " ORDER BY " + order.map { SQLText.quote($0) }.joined(separator: ", ")
    let frame = try database.query(
      """
      SELECT \(columns.map { $0 + ", " }.joined()) CAST(\(label) AS DOUBLE) AS "label of the row"
      FROM read_parquet(\(SQLText.literal(file))) WHERE \(label) IS NOT NULL\(sorting)
      """)
    let labels = try frame.numbers("label of the row")
    guard frame.rowCount > 0 else {
      throw MartletError.invalidInput(
        "the table has no row whose '\(inputs.label)' is known", fix: "check the step that makes the table")
    }
    return TrainingTable(frame: try Frame(frame.columns.filter { $0.name != "label of the row" }), labels: labels)
  }

  var rowCount: Int { labels.count }

  /// The rows before `position`, and those from it on.
  func split(at position: Int) throws -> (TrainingTable, TrainingTable) {
    (try rows(0..<position), try rows(position..<rowCount))
  }

  func rows(_ range: Range<Int>) throws -> TrainingTable {
    TrainingTable(frame: try frame.rows(range), labels: Array(labels[range]))
  }
}

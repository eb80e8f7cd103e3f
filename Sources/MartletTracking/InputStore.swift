package import MartletCore
import MartletStore

/// The SQL of what runs read and wrote: data sets and logged models.
enum InputStore {
  enum Direction: String {
    case input
    case output
  }

  /// Links a data set to a run; a data set is known once in each experiment, by its name and digest.
  static func log(_ input: DatasetInput, to row: RunStore.Row, in connection: any SQLConnection) throws {
    let experiment = SQLValue.integer(try ExperimentStore.number(of: row.info.experiment))
    try connection.execute(
      """
      INSERT INTO run_datasets (experiment_id, name, digest, source_type, source, schema_text, profile)
      VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (experiment_id, name, digest) DO NOTHING
      """,
      [
        experiment, .text(input.name), .text(input.digest), .text(input.sourceType), .text(input.source),
        SQLValue(input.schema), SQLValue(input.profile),
      ])
    let number = try connection.first(
      "SELECT number FROM run_datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
      [experiment, .text(input.name), .text(input.digest)]
    ) { try $0.integer(0) }
    guard let number else { throw MartletError(.internalError, "the data set of a run was not stored") }
    try connection.execute(
      "INSERT INTO run_inputs (run, dataset) VALUES (?, ?) ON CONFLICT DO NOTHING",
      [.integer(row.number), .integer(number)])
    for tag in input.tags {
      try connection.execute(
        """
        INSERT INTO run_input_tags (run, dataset, key, value) VALUES (?, ?, ?, ?)
        ON CONFLICT (run, dataset, key) DO UPDATE SET value = excluded.value
        """, [.integer(row.number), .integer(number), .text(tag.key), .text(tag.value)])
    }
  }

  static func log(_ link: ModelLink, _ direction: Direction, to run: Int64, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO run_models (run, direction, model_id, step) VALUES (?, ?, ?, ?)
      ON CONFLICT (run, direction, model_id) DO UPDATE SET step = excluded.step
      """, [.integer(run), .text(direction.rawValue), .text(link.modelID), .integer(link.step)])
  }

  private static let tagsOfRuns = KeyedQuery(
    "SELECT run, dataset, key, value FROM run_input_tags WHERE run IN (@) ORDER BY run, dataset, key")
  private static let datasetsOfRuns = KeyedQuery(
    """
    SELECT i.run, d.number, d.name, d.digest, d.source_type, d.source, d.schema_text, d.profile
    FROM run_inputs i JOIN run_datasets d ON d.number = i.dataset WHERE i.run IN (@) ORDER BY i.run, d.number
    """)
  private static let modelsOfRuns = KeyedQuery(
    "SELECT run, direction, model_id, step FROM run_models WHERE run IN (@) ORDER BY run, model_id")
  private static let summariesOfExperiments = KeyedQuery(
    """
    SELECT DISTINCT d.experiment_id, d.name, d.digest, t.value
    FROM run_datasets d
    JOIN run_inputs i ON i.dataset = d.number
    LEFT JOIN run_input_tags t ON t.run = i.run AND t.dataset = d.number AND t.key = 'mlflow.data.context'
    WHERE d.experiment_id IN (@) ORDER BY 1, 2, 3, 4 LIMIT 1000
    """)

  static func forEachDataset(
    of runs: [Int64], in connection: any SQLConnection, _ body: (Int64, DatasetInput) -> Void
  ) throws {
    var tags: [[Int64]: [KeyValue]] = [:]
    try tagsOfRuns.forEachRow(of: runs, in: connection) { row in
      tags[[try row.integer(0), try row.integer(1)], default: []].append(KeyValue(try row.text(2), try row.text(3)))
    }
    try datasetsOfRuns.forEachRow(of: runs, in: connection) { row in
      let run = try row.integer(0)
      body(
        run,
        DatasetInput(
          name: try row.text(2), digest: try row.text(3), sourceType: try row.text(4), source: try row.text(5),
          schema: try row.optionalText(6), profile: try row.optionalText(7),
          tags: tags[[run, try row.integer(1)]] ?? []))
    }
  }

  static func forEachModel(
    of runs: [Int64], in connection: any SQLConnection, _ body: (Int64, Direction, ModelLink) -> Void
  ) throws {
    try modelsOfRuns.forEachRow(of: runs, in: connection) { row in
      guard let direction = Direction(rawValue: try row.text(1)) else { return }
      body(try row.integer(0), direction, ModelLink(modelID: try row.text(2), step: try row.integer(3)))
    }
  }

  /// The data sets of some experiments: (experiment, name, digest, context), once each.
  static func summaries(of experiments: [Int64], in connection: any SQLConnection) throws -> [DatasetSummary] {
    var summaries: [DatasetSummary] = []
    try summariesOfExperiments.forEachRow(of: experiments, in: connection) { row in
      summaries.append(
        DatasetSummary(
          experiment: ExperimentID(String(try row.integer(0))), name: try row.text(1), digest: try row.text(2),
          context: try row.optionalText(3)))
    }
    return summaries
  }
}

/// A data set as the runs of an experiment know it.
package struct DatasetSummary: Sendable, Hashable {
  package var experiment: ExperimentID
  package var name: String
  package var digest: String
  package var context: String?
}

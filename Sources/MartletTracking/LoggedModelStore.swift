import MartletCore
import MartletStore

/// The SQL of logged models.
enum LoggedModelStore {
  private static let columns = """
    m.model_id, m.experiment_id, m.name, m.model_type, m.source_run_id, m.status, m.artifact_uri, m.creation_time, \
    m.last_update_time
    """

  static func insert(_ model: LoggedModel, in connection: any SQLConnection) throws {
    try connection.execute(
      """
      INSERT INTO logged_models (model_id, experiment_id, name, model_type, source_run_id, status, artifact_uri,
        lifecycle, creation_time, last_update_time) VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)
      """,
      [
        .text(model.id), .integer(try ExperimentStore.number(of: model.experiment)), .text(model.name),
        SQLValue(model.modelType), SQLValue(model.sourceRun), .text(model.status.rawValue), .text(model.artifactURI),
        SQLValue(model.creationTime), SQLValue(model.lastUpdateTime),
      ])
    try setPairs("logged_model_params", model.params, on: model.id, in: connection)
    try setPairs("logged_model_tags", model.tags, on: model.id, in: connection)
  }

  static func get(_ id: String, orDeleted: Bool = false, in connection: any SQLConnection) throws -> LoggedModel {
    let found = try connection.first(
      "SELECT \(columns) FROM logged_models m WHERE m.model_id = ?\(orDeleted ? "" : " AND m.lifecycle = 'active'")",
      [.text(id)], read)
    guard let found else { throw MartletError.notFound("Logged model with ID '\(id.prefix(80))' not found.") }
    return try complete(found, in: connection)
  }

  static func setStatus(
    _ status: LoggedModel.Status, of id: String, at now: Timestamp, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      "UPDATE logged_models SET status = ?, last_update_time = ? WHERE model_id = ?",
      [.text(status.rawValue), SQLValue(now), .text(id)])
  }

  static func delete(_ id: String, at now: Timestamp, in connection: any SQLConnection) throws {
    try connection.execute(
      "UPDATE logged_models SET lifecycle = 'deleted', last_update_time = ? WHERE model_id = ?",
      [SQLValue(now), .text(id)])
  }

  static func setPairs(_ table: String, _ pairs: [KeyValue], on id: String, in connection: any SQLConnection) throws {
    for pair in pairs {
      try connection.execute(
        """
        INSERT INTO \(table) (model_id, key, value) VALUES (?, ?, ?)
        ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value
        """, [.text(id), .text(pair.key), .text(pair.value)])
    }
  }

  static func deleteTag(_ key: String, of id: String, in connection: any SQLConnection) throws -> Bool {
    try connection.execute("DELETE FROM logged_model_tags WHERE model_id = ? AND key = ?", [.text(id), .text(key)]) > 0
  }

  // MARK: Metrics

  private static let metricColumns = [
    TypedColumn("model_id", "text"), TypedColumn("run_id", "text"), TypedColumn("key", "text"),
    TypedColumn("timestamp", "bigint"), TypedColumn("step", "bigint"), TypedColumn("value", "float8"),
    TypedColumn("is_nan", "bigint"), TypedColumn("dataset_name", "text"), TypedColumn("dataset_digest", "text"),
  ]

  private static let addMetrics = BulkInsert(
    into: "logged_model_metrics", metricColumns, onConflict: "DO NOTHING")

  /// Keeps those of a run's metrics that name a logged model with that model, too.
  static func append(_ metrics: [Metric], measuredBy run: RunID, in connection: any SQLConnection) throws {
    let rows = metrics.compactMap { metric -> [SQLValue]? in
      guard let model = metric.modelID, !model.isEmpty else { return nil }
      return [
        .text(model), SQLValue(run), .text(metric.key), .integer(metric.timestamp), .integer(metric.step),
        .real(metric.value.isNaN || metric.value == 0 ? 0 : metric.value), SQLValue(metric.value.isNaN),
        .text(metric.datasetName ?? ""), .text(metric.datasetDigest ?? ""),
      ]
    }
    try addMetrics.run(rows.count, in: connection) { rows[$0][$1] }
  }

  // MARK: Search

  static let grammar = FilterGrammar(
    entities: [.metric, .parameter, .tag, .attribute],
    textAttributes: ["name", "model_id", "model_type", "status", "source_run_id"],
    numericAttributes: ["creation_time", "last_update_time"],
    listAttributes: ["name", "model_id", "model_type", "status", "source_run_id"], listEntities: [.parameter, .tag],
    orderAttributes: [
      "name", "model_id", "model_type", "status", "source_run_id", "creation_time", "last_update_time",
    ],
    aliases: [
      "creation_timestamp": "creation_time", "creation_timestamp_ms": "creation_time",
      "last_updated_timestamp": "last_update_time", "last_updated_timestamp_ms": "last_update_time",
      "last_updated_time": "last_update_time",
    ])

  static func search(
    _ clauses: [FilterClause], query: LoggedModelQuery, orders: [OrderClause], experiments: [Int64], offset: Int,
    in connection: any SQLConnection
  ) throws -> [LoggedModel] {
    guard !experiments.isEmpty else { return [] }
    var conditions = [
      SQLFragment(
        "m.lifecycle = 'active' AND m.experiment_id IN (\(experiments.map { _ in "?" }.joined(separator: ", ")))",
        experiments.map(SQLValue.integer))
    ]
    conditions += clauses.map { condition($0, datasets: query.datasets, in: connection.dialect) }
    if !query.datasets.isEmpty, !clauses.contains(where: { $0.entity == .metric }) {
      let measured = measuredOn(query.datasets)
      conditions.append(
        SQLFragment(
          "EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model_id = m.model_id AND \(measured.sql))",
          measured.arguments))
    }
    let filter = SQLFragment.joined(conditions, by: " AND ")
    let order = ordering(orders, query.orderDatasets)
    let found = try connection.rows(
      """
      SELECT \(columns) FROM logged_models m WHERE \(filter.sql) ORDER BY \(order.sql) LIMIT ? OFFSET ?
      """, filter.arguments + order.arguments + [SQLValue(query.limit + 1), SQLValue(offset)], read)
    return try found.map { try complete($0, in: connection) }
  }

  private static func condition(
    _ clause: FilterClause, datasets: [LoggedModelQuery.Dataset], in dialect: SQLDialect
  ) -> SQLFragment {
    switch clause.entity {
    case .metric:
      let comparison = clause.comparing("x.value", in: dialect)
      var test = SQLFragment(
        "x.model_id = m.model_id AND x.key = ? AND x.is_nan = 0 AND \(comparison.sql)",
        [.text(clause.key)] + comparison.arguments)
      if !datasets.isEmpty { test = .joined([test, measuredOn(datasets)], by: " AND ") }
      return SQLFragment("EXISTS (SELECT 1 FROM logged_model_metrics x WHERE \(test.sql))", test.arguments)
    case .parameter, .tag:
      let table = clause.entity == .tag ? "logged_model_tags" : "logged_model_params"
      let comparison = clause.comparing("x.value", in: dialect)
      return SQLFragment(
        "EXISTS (SELECT 1 FROM \(table) x WHERE x.model_id = m.model_id AND x.key = ? AND \(comparison.sql))",
        [.text(clause.key)] + comparison.arguments)
    case .attribute, .dataset: return clause.comparing("m.\(clause.key)", in: dialect)
    }
  }

  private static func measuredOn(_ datasets: [LoggedModelQuery.Dataset]) -> SQLFragment {
    let each = datasets.map { dataset in
      SQLFragment(
        dataset.digest == nil ? "x.dataset_name = ?" : "(x.dataset_name = ? AND x.dataset_digest = ?)",
        [.text(dataset.name)] + (dataset.digest.map { [.text($0)] } ?? []))
    }
    let joined = SQLFragment.joined(each, by: " OR ")
    return SQLFragment("(\(joined.sql))", joined.arguments)
  }

  /// Missing values last in both directions; then newest first, then by id.
  private static func ordering(_ orders: [OrderClause], _ datasets: [LoggedModelQuery.Dataset?]) -> SQLFragment {
    var terms: [SQLFragment] = []
    for (position, order) in orders.enumerated() {
      var value = SQLFragment("m.\(order.key)")
      if order.entity == .metric {
        let dataset = position < datasets.count ? datasets[position] : nil
        let measured = dataset.map { measuredOn([$0]) } ?? SQLFragment("1 = 1")
        value = SQLFragment(
          """
          (SELECT x.value FROM logged_model_metrics x WHERE x.model_id = m.model_id AND x.key = ? AND x.is_nan = 0
           AND \(measured.sql) ORDER BY x.timestamp DESC, x.step DESC, x.run_id LIMIT 1)
          """, [.text(order.key)] + measured.arguments)
      }
      terms.append(SQLFragment("CASE WHEN \(value.sql) IS NULL THEN 1 ELSE 0 END", value.arguments))
      terms.append(SQLFragment("\(value.sql) \(order.ascending ? "ASC" : "DESC")", value.arguments))
    }
    terms.append(SQLFragment("m.creation_time DESC, m.model_id"))
    return .joined(terms, by: ", ")
  }

  // MARK: Rows

  private static func read(_ row: SQLRow) throws -> LoggedModel {
    LoggedModel(
      id: try row.text(0), experiment: ExperimentID(String(try row.integer(1))), name: try row.text(2),
      modelType: try row.optionalText(3), sourceRun: try row.optionalText(4).map { RunID($0) },
      status: LoggedModel.Status(rawValue: try row.text(5)) ?? .pending, artifactURI: try row.text(6),
      creationTime: try row.time(7), lastUpdateTime: try row.time(8), params: [], tags: [], metrics: [])
  }

  private static func complete(_ model: LoggedModel, in connection: any SQLConnection) throws -> LoggedModel {
    func pairs(_ table: String) throws -> [KeyValue] {
      try connection.rows("SELECT key, value FROM \(table) WHERE model_id = ? ORDER BY key", [.text(model.id)]) {
        KeyValue(try $0.text(0), try $0.text(1))
      }
    }
    var complete = model
    complete.params = try pairs("logged_model_params")
    complete.tags = try pairs("logged_model_tags")
    complete.metrics = try latestMetrics(of: model.id, in: connection)
    return complete
  }

  /// The latest measurement of each metric on each data set.
  private static func latestMetrics(of id: String, in connection: any SQLConnection) throws -> [LoggedModel.Measurement]
  {
    var latest: [[String]: LoggedModel.Measurement] = [:]
    try connection.forEachRow(
      """
      SELECT run_id, key, value, is_nan, timestamp, step, dataset_name, dataset_digest FROM logged_model_metrics
      WHERE model_id = ? ORDER BY key, timestamp, step, value
      """, [.text(id)]
    ) { row in
      let (name, digest) = (try row.text(6), try row.text(7))
      let metric = Metric(
        key: try row.text(1), value: try row.boolean(3) ? .nan : try row.real(2), timestamp: try row.integer(4),
        step: try row.integer(5), modelID: id, datasetName: name.isEmpty ? nil : name,
        datasetDigest: digest.isEmpty ? nil : digest)
      latest[[metric.key, name, digest]] = LoggedModel.Measurement(run: try row.identifier(0), metric: metric)
      return true
    }
    return latest.values.sorted {
      ($0.metric.key, $0.metric.datasetName ?? "") < ($1.metric.key, $1.metric.datasetName ?? "")
    }
  }
}

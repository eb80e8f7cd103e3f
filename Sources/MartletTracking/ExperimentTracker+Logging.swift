package import MartletCore
import MartletStore

extension ExperimentTracker {
  /// Logs a batch: all of it, or nothing when any part is refused.
  package func logBatch(
    _ run: RunID, metrics: [Metric] = [], params: [KeyValue] = [], tags: [KeyValue] = []
  ) async throws {
    try BatchRules.check(metrics: metrics, params: params, tags: tags)
    try await database.write { connection in
      let row = try RunStore.active(run, in: connection)
      try ParamStore.log(params, to: row, in: connection)
      try MetricStore.append(metrics, to: row, in: connection)
      try LoggedModelStore.append(metrics, measuredBy: row.info.id, in: connection)
      try Self.setTags(tags, on: row, in: connection)
    }
  }

  package func logMetric(_ metric: Metric, to run: RunID) async throws {
    try BatchRules.check(metric, at: { "name" })
    try await database.write { connection in
      let row = try RunStore.active(run, in: connection)
      try MetricStore.append([metric], to: row, in: connection)
      try LoggedModelStore.append([metric], measuredBy: row.info.id, in: connection)
    }
  }

  package func logParam(_ param: KeyValue, to run: RunID) async throws {
    try BatchRules.checkParam(param)
    try await database.write { connection in
      try ParamStore.log([param], to: try RunStore.active(run, in: connection), in: connection)
    }
  }

  package func setTag(_ tag: KeyValue, on run: RunID) async throws {
    try BatchRules.checkTag(tag)
    try await database.write { connection in
      try Self.setTags([tag], on: try RunStore.active(run, in: connection), in: connection)
    }
  }

  package func deleteTag(_ key: String, of run: RunID) async throws {
    try await database.write { connection in
      let row = try RunStore.active(run, in: connection)
      guard try ParamStore.deleteTag(key, of: row.number, in: connection) else {
        throw MartletError.notFound("No tag with name: \(key.prefix(120)) in run with id \(run)")
      }
    }
  }

  /// Sets tags; the one that names the run renames it.
  private static func setTags(_ tags: [KeyValue], on row: RunStore.Row, in connection: any SQLConnection) throws {
    try ParamStore.setTags(tags, on: row.number, in: connection)
    guard let name = tags.last(where: { $0.key == runNameTag })?.value, name != row.info.name else { return }
    var renamed = row
    renamed.info.name = name
    try RunStore.update(renamed, in: connection)
  }

  /// Adds one entry to the JSON list in the tag `mlflow.log-model.history`, as clients before MLflow 3 ask for.
  package func recordModel(_ description: JSON, in run: RunID) async throws {
    let key = "mlflow.log-model.history"
    try await database.write { connection in
      let row = try RunStore.active(run, in: connection)
      let known = try ParamStore.tag(key, of: row.number, in: connection).flatMap { try? JSON.parse($0).array } ?? []
      let tag = KeyValue(key, JSON.array(known + [description]).text)
      try BatchRules.checkTag(tag)
      try ParamStore.setTags([tag], on: row.number, in: connection)
    }
  }

  // MARK: Inputs and outputs

  /// Links data sets and logged models that a run read.
  package func logInputs(_ run: RunID, datasets: [DatasetInput], models: [ModelLink] = []) async throws {
    for dataset in datasets { try Self.check(dataset) }
    guard datasets.count <= 1000 else { throw MartletError.invalidInput("at most 1000 datasets in one request") }
    try await database.write { connection in
      let row = try RunStore.active(run, in: connection)
      for dataset in datasets { try InputStore.log(dataset, to: row, in: connection) }
      for model in models { try InputStore.log(model, .input, to: row.number, in: connection) }
    }
  }

  /// Links logged models that a run wrote.
  package func logOutputs(_ run: RunID, models: [ModelLink]) async throws {
    try await database.write { connection in
      let row = try RunStore.active(run, in: connection)
      for model in models { try InputStore.log(model, .output, to: row.number, in: connection) }
    }
  }

  /// The data sets that the runs of some experiments read; at most 1000.
  package func datasets(of experiments: [ExperimentID]) async throws -> [DatasetSummary] {
    let numbers = try experiments.map(ExperimentStore.number)
    return try await database.read { try InputStore.summaries(of: numbers, in: $0) }
  }

  private static func check(_ dataset: DatasetInput) throws {
    let limits: [(String, String?, Int)] = [
      ("name", dataset.name, 500), ("digest", dataset.digest, 36), ("source_type", dataset.sourceType, 500),
      ("source", dataset.source, 65_535), ("schema", dataset.schema, 1_048_575),
      ("profile", dataset.profile, 16_777_215),
    ]
    for (field, value, longest) in limits {
      guard let value else { continue }
      guard value.unicodeScalars.count <= longest else {
        throw MartletError.invalidInput("'dataset.\(field)' exceeds the maximum length of \(longest) characters")
      }
      guard !value.utf8.contains(0) else {
        throw MartletError.invalidInput("'dataset.\(field)' contains a NUL character")
      }
    }
    for tag in dataset.tags {
      try KeyRules.checkLength(tag.key, longest: 255 * 4, called: "tag key")
      try KeyRules.checkLength(tag.value, longest: 500 * 4, called: "tag value")
    }
  }

  // MARK: Series

  /// A run's series in order of (timestamp, step, value); nil `limit` is all of it.
  package func metricHistory(
    _ run: RunID, key: String, limit: Int? = nil, pageToken: String? = nil
  ) async throws -> Page<Metric> {
    let page = try PageToken(pageToken)
    let place = MetricPlace(page)
    let found = try await database.read { connection in
      let row = try RunStore.get(run, in: connection)
      return try MetricStore.history(
        of: row.number, key: key, after: place, skipping: place == nil ? page.offset : 0, limit: limit.map { $0 + 1 },
        in: connection)
    }
    guard let limit, found.count > limit else { return Page(found.map { $0.metric(key) }) }
    let points = found.prefix(limit)
    let next = PageToken(offset: page.offset + limit, after: points.last.map { MetricPlace($0).json })
    return Page(points.map { $0.metric(key) }, nextToken: next.text)
  }

  /// At most `limit` points of a run's series that follow a place: a long series is read part by part.
  package func metricPoints(
    _ run: RunID, key: String, after place: MetricPlace?, limit: Int
  ) async throws -> [MetricPoint] {
    try await database.read { connection in
      let row = try RunStore.get(run, in: connection)
      return try MetricStore.history(of: row.number, key: key, after: place, limit: limit, in: connection)
    }
  }

  /// A run's series in order of (step, timestamp, value) between two steps, thinned to about `limit` points that keep
  /// the first and the last.
  package func metricSeries(
    _ run: RunID, key: String, steps: ClosedRange<Int64>? = nil, limit: Int = 2000
  ) async throws -> [Metric] {
    try await database.read { connection in
      let row = try RunStore.get(run, in: connection)
      let points = try MetricStore.points(of: row.number, key: key, steps: steps, in: connection)
      guard points.count > limit else { return points }
      guard limit > 1 else { return Array(points.prefix(limit)) }
      let stride = Double(points.count - 1) / Double(limit - 1)
      return (0..<limit).map { points[Int((Double($0) * stride).rounded())] }
    }
  }
}

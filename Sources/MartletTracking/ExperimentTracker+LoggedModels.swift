package import MartletCore
import MartletStore

/// What to search logged models for.
package struct LoggedModelQuery: Sendable {
  /// Only models measured on this data set.
  package struct Dataset: Sendable, Hashable {
    package var name: String
    package var digest: String?

    package init(name: String, digest: String? = nil) {
      self.name = name
      self.digest = digest
    }
  }

  package var experiments: [ExperimentID]
  package var filter: String?
  package var datasets: [Dataset]
  /// As in `RunQuery`; only attributes and metrics.
  package var orderBy: [String]
  /// Of each entry of `orderBy` that is a metric: the data set it was measured on.
  package var orderDatasets: [Dataset?]
  package var limit: Int
  package var pageToken: String?

  package init(
    experiments: [ExperimentID], filter: String? = nil, datasets: [Dataset] = [], orderBy: [String] = [],
    orderDatasets: [Dataset?] = [], limit: Int = 100, pageToken: String? = nil
  ) {
    self.experiments = experiments
    self.filter = filter
    self.datasets = datasets
    self.orderBy = orderBy
    self.orderDatasets = orderDatasets
    self.limit = limit
    self.pageToken = pageToken
  }
}

extension ExperimentTracker {
  /// Creates a pending logged model: its files are uploaded next, then it is finalized.
  package func createLoggedModel(_ new: NewLoggedModel, by author: Author) async throws -> LoggedModel {
    if let name = new.name { try Self.checkLoggedModelName(name) }
    for param in new.params { try BatchRules.checkParam(param) }
    for tag in new.tags { try BatchRules.checkTag(tag) }
    let now = clock.now
    let id = "m-\(RunID.random())"
    return try await database.write { connection in
      let experiment = try Self.active(new.experiment, in: connection)
      if let run = new.sourceRun { _ = try RunStore.get(run, in: connection) }
      let model = LoggedModel(
        id: id, experiment: experiment.id, name: new.name ?? RunNames.random(), modelType: new.modelType,
        sourceRun: new.sourceRun, status: .pending,
        artifactURI: "\(experiment.artifactLocation)/models/\(id)/artifacts", creationTime: now, lastUpdateTime: now,
        params: new.params, tags: new.tags, metrics: [])
      try LoggedModelStore.insert(model, in: connection)
      try Self.record(
        "logged_model.created", "logged_model:\(id)", after: ["name": .string(model.name)], by: author, at: now,
        in: connection)
      return model
    }
  }

  /// - Parameter orDeleted: whether a deleted one is shown, too.
  package func loggedModel(_ id: String, orDeleted: Bool = false) async throws -> LoggedModel {
    try await database.read { try LoggedModelStore.get(id, orDeleted: orDeleted, in: $0) }
  }

  package func finalizeLoggedModel(_ id: String, as status: LoggedModel.Status, by author: Author) async throws
    -> LoggedModel
  {
    let now = clock.now
    return try await database.write { connection in
      _ = try LoggedModelStore.get(id, in: connection)
      try LoggedModelStore.setStatus(status, of: id, at: now, in: connection)
      try Self.record(
        "logged_model.finalized", "logged_model:\(id)", after: ["status": .string(status.rawValue)], by: author,
        at: now, in: connection)
      return try LoggedModelStore.get(id, in: connection)
    }
  }

  package func deleteLoggedModel(_ id: String, by author: Author) async throws {
    let now = clock.now
    try await database.write { connection in
      _ = try LoggedModelStore.get(id, in: connection)
      try LoggedModelStore.delete(id, at: now, in: connection)
      try Self.record("logged_model.deleted", "logged_model:\(id)", by: author, at: now, in: connection)
    }
  }

  package func setLoggedModelTags(_ tags: [KeyValue], on id: String) async throws -> LoggedModel {
    for tag in tags { try BatchRules.checkTag(tag) }
    return try await database.write { connection in
      _ = try LoggedModelStore.get(id, in: connection)
      try LoggedModelStore.setPairs("logged_model_tags", tags, on: id, in: connection)
      return try LoggedModelStore.get(id, in: connection)
    }
  }

  package func deleteLoggedModelTag(_ key: String, of id: String) async throws {
    try await database.write { connection in
      _ = try LoggedModelStore.get(id, in: connection)
      guard try LoggedModelStore.deleteTag(key, of: id, in: connection) else {
        throw MartletError.notFound("No tag with key '\(key.prefix(120))' found for model with ID '\(id)'.")
      }
    }
  }

  package func logLoggedModelParams(_ params: [KeyValue], of id: String) async throws {
    for param in params { try BatchRules.checkParam(param) }
    try await database.write { connection in
      _ = try LoggedModelStore.get(id, in: connection)
      try LoggedModelStore.setPairs("logged_model_params", params, on: id, in: connection)
    }
  }

  package func searchLoggedModels(_ query: LoggedModelQuery) async throws -> Page<LoggedModel> {
    try Self.checkLimit(query.limit, atMost: 1000)
    let clauses = try LoggedModelStore.grammar.parse(query.filter)
    let orders = try LoggedModelStore.grammar.parseOrders(query.orderBy)
    for order in orders where order.entity != .attribute && order.entity != .metric {
      throw MartletError.invalidInput("Invalid order by field name: \(order.key). Only metrics are supported.")
    }
    let experiments = try query.experiments.map(ExperimentStore.number)
    let offset = try PageToken(query.pageToken).offset
    let found = try await database.read { connection in
      try LoggedModelStore.search(
        clauses, query: query, orders: orders, experiments: experiments, offset: offset, in: connection)
    }
    return Self.page(found, limit: query.limit, offset: offset)
  }

  private static func checkLoggedModelName(_ name: String) throws {
    guard !name.isEmpty, name.utf8.count <= 1000, !name.contains(where: { "/:.%\"'\0".contains($0) }) else {
      throw MartletError.invalidInput(
        "Invalid model name ('\(name.prefix(60))') provided. Model name must be a non-empty string and cannot contain "
          + "the following characters: ('/', ':', '.', '%', '\"', \"'\")")
    }
  }
}

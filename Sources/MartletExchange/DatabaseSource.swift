import Foundation
import MartletCore
package import MartletRegistry
import MartletStore
package import MartletTracking

/// MLflow's own database, SQLite, PostgreSQL or MySQL, read only. One SQL serves all: MySQL too takes names in double
/// quotes, which `key` needs there.
package struct DatabaseSource: MLflowSource {
  package let name: String
  let database: any Database
  let schema: DatabaseSchema
  /// The folder that its server serves as `mlflow-artifacts:/`.
  let artifactFolder: String?

  /// How many runs or logged models are held at once, with all but their points.
  private static let runsAtOnce = 100

  /// - Parameters:
  ///   - url: `sqlite:///relative.db`, `sqlite:////absolute.db`, `postgresql://…`, `mysql://…`.
  ///   - artifactFolder: for addresses that begin with `mlflow-artifacts:`.
  package init(url: String, artifactFolder: String?) async throws {
    name = Self.withoutPassword(url)
    self.artifactFolder = artifactFolder
    database = try await DatabaseOpener.openForReading(url: url)
    do {
      schema = try await database.read { try DatabaseSchema.read($0) }
    } catch {
      await database.close()
      throw error
    }
  }

  package static func withoutPassword(_ url: String) -> String {
    guard let scheme = url.range(of: "://") else { return url }
    var shown = url
    if let at = url.lastIndex(of: "@"), at > scheme.upperBound {
      let user = url[scheme.upperBound..<at].prefix { $0 != ":" }
      shown = "\(url[..<scheme.upperBound])\(user)\(url[at...])"
    }
    return shown.replacing(/([?&](password|passwd|sslpassword)=)[^&]*/) { "\($0.output.1)…" }
  }

  package func close() async { await database.close() }

  package func check() async throws -> [String] {
    var remarks = ["schema \(schema.revision)"]
    if schema.hasWorkspaces {
      let others = try await count("SELECT COUNT(*) FROM experiments WHERE workspace <> 'default'")
      guard others == 0 else {
        throw MartletError.invalidInput(
          "the database has \(others) experiments in workspaces other than 'default'",
          fix: "import each workspace through its running server")
      }
    }
    let served = try await count("SELECT COUNT(*) FROM runs WHERE artifact_uri LIKE 'mlflow-artifacts:%'")
    if served > 0, artifactFolder == nil {
      throw MartletError.invalidInput(
        "the artifacts of \(served) runs are served by their server (mlflow-artifacts:)",
        fix: "name the folder that it serves with --artifacts DIR (mlflow server --artifacts-destination), or import "
          + "through the running server")
    }
    let traces = (try? await count("SELECT COUNT(*) FROM trace_info")) ?? 0
    if traces > 0 { remarks.append("\(traces) traces stay behind: they are not imported") }
    return remarks
  }

  private func count(_ sql: String) async throws -> Int64 {
    try await database.read { connection in try connection.first(sql) { try $0.integer(0) } ?? 0 }
  }

  package func size() async throws -> SourceSize {
    SourceSize(
      runs: try await count("SELECT COUNT(*) FROM runs"), points: try await count("SELECT COUNT(*) FROM metrics"))
  }

  // MARK: - Tracking

  package func experiments() async throws -> [ImportedExperiment] {
    try await database.read { connection in
      var tags: [Int64: [KeyValue]] = [:]
      try connection.forEachRow("SELECT experiment_id, \"key\", value FROM experiment_tags ORDER BY \"key\"", []) {
        row in
        tags[try row.integer(0), default: []].append(KeyValue(try row.text(1), try row.optionalText(2) ?? ""))
        return true
      }
      return try connection.rows(
        """
        SELECT experiment_id, name, lifecycle_stage, creation_time, last_update_time, artifact_location
        FROM experiments ORDER BY experiment_id
        """
      ) { row in
        let id = try row.integer(0)
        return ImportedExperiment(
          id: String(id), name: try row.text(1), lifecycle: Self.lifecycle(try row.optionalText(2)),
          creationTime: try row.optionalInteger(3) ?? 0, lastUpdateTime: try row.optionalInteger(4) ?? 0,
          artifactLocation: try row.optionalText(5), tags: tags[id] ?? [])
      }
    }
  }

  package func forEachRuns(of experiment: String, _ body: ([ImportedRun]) async throws -> Void) async throws {
    var last = ""
    while true {
      let after = last
      let runs = try await database.read { connection in
        try connection.runs(of: experiment, after: after, limit: Self.runsAtOnce, schema)
      }
      guard let end = runs.last?.id else { return }
      try await body(runs)
      last = end
    }
  }

  package func forEachSeries(of runs: [ImportedRun], _ body: ([ImportedSeries]) async throws -> Void) async throws {
    let ids = runs.map(\.id)
    try await database.forEachPage({ connection, hand in try connection.series(of: ids, hand) }, body)
  }

  package func forEachLoggedModels(of experiment: String, _ body: ([ImportedLoggedModel]) async throws -> Void)
    async throws
  {
    guard schema.hasLoggedModels else { return }
    var last = ""
    while true {
      let after = last
      let models = try await database.read { connection in
        try connection.loggedModels(of: experiment, after: after, limit: Self.runsAtOnce)
      }
      guard let end = models.last?.id else { return }
      try await body(models)
      last = end
    }
  }

  // MARK: - Registry

  package func modelNames() async throws -> [String] {
    try await database.read { connection in
      try connection.rows("SELECT name FROM registered_models ORDER BY name") { try $0.text(0) }
    }
  }

  package func model(_ name: String) async throws -> ImportedModel {
    let schema = schema
    return try await database.read { try $0.model(name, schema) }
  }

  package func webhooks() async throws -> [ForeignWebhook] {
    guard schema.hasWebhooks else { return [] }
    return try await database.read { connection in
      var events: [String: [String]] = [:]
      try connection.forEachRow("SELECT webhook_id, entity, action FROM webhook_events ORDER BY entity, action", []) {
        events[try $0.text(0), default: []].append("\(try $0.text(1)).\(try $0.text(2))")
        return true
      }
      return try connection.rows(
        "SELECT webhook_id, name, url, description FROM webhooks WHERE deleted_timestamp IS NULL ORDER BY name"
      ) { row in
        ForeignWebhook(
          name: try row.text(1), url: try row.text(2), events: events[try row.text(0)] ?? [],
          description: try row.optionalText(3))
      }
    }
  }

  // MARK: - Artifacts

  package func artifacts(of owner: ArtifactOwner, uri: String?) async throws -> ForeignArtifacts {
    guard let uri, !uri.isEmpty else { return .files([]) }
    if let path = ArtifactAddress.servedPath(uri), let artifactFolder {
      return .files(try LocalFolder.files("\(artifactFolder)/\(path)"))
    }
    guard let path = ArtifactAddress.localPath(uri) else { return .elsewhere }
    return .files(try LocalFolder.files(path))
  }

  static func lifecycle(_ text: String?) -> Lifecycle { text == "deleted" ? .deleted : .active }
}

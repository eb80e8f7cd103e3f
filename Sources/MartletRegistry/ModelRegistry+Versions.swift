package import MartletCore
import MartletLedger
package import MartletStore

extension ModelRegistry {
  /// Registers a version. Its files are fixed from now on.
  ///
  /// - Parameter claim: asked in the same transaction before a model that is not `new.project`'s becomes it; throws where it
  ///   is somebody else's. Of the model's name, and the project that it belongs to. Unless told, only what belongs to no
  ///   project is taken.
  /// - Throws: `.notFound` when there is no such model and `new` is of no project.
  package func createVersion(
    _ new: NewModelVersion, by author: Author,
    claim: @escaping @Sendable (any SQLConnection, ModelName, ProjectName?) throws -> Void = Self.takeUnowned
  ) async throws -> ModelVersion {
    try ModelRules.checkName(new.model)
    try ModelRules.checkDescription(new.description)
    for (key, value) in new.tags { try ModelRules.checkTag(key, value) }
    let files = new.files.sorted { $0.path < $1.path }
    let now = clock.now
    return try await database.write { connection in
      if let project = new.project {
        try Self.ensureModel(new.model, of: project, by: author, now, claim, in: connection)
      }
      let number = try VersionStore.nextNumber(of: new.model, at: now, in: connection)
      let version = Self.version(new, number: number, files: files, by: author, at: now)
      try VersionStore.insert(version, in: connection)
      try Ledger.append(
        LedgerEntry(
          action: "model.version.registered", object: "model:\(version.id)", before: nil,
          after: Self.summary(of: version), reason: nil), by: author, at: now, in: connection)
      return version
    }
  }

  @Sendable private static func takeUnowned(_: any SQLConnection, _ name: ModelName, _ owner: ProjectName?) throws {
    if let owner { throw MartletError(.conflict, "the registered model '\(name)' belongs to the project \(owner)") }
  }

  /// Makes the model of a project where there is none, and takes over one that is there.
  private static func ensureModel(
    _ name: ModelName, of project: ProjectName, by author: Author, _ now: Timestamp,
    _ claim: (any SQLConnection, ModelName, ProjectName?) throws -> Void, in connection: any SQLConnection
  ) throws {
    let isNew = try ModelStore.insert(name, description: nil, by: author, at: now, in: connection)
    let owner = isNew ? nil : try ModelStore.tag(ProjectName.tag, of: name, in: connection)
    guard owner != project.text else { return }
    if !isNew { try claim(connection, name, owner.map { ProjectName($0) }) }
    try ModelStore.setTag(ProjectName.tag, project.text, on: name, in: connection)
    if !isNew { try ModelStore.touch(name, at: now, in: connection) }
    try Ledger.append(
      LedgerEntry(
        action: isNew ? "model.created" : "model.tag.set", object: "model:\(name)", before: nil,
        after: isNew
          ? created(description: nil, tags: [ProjectName.tag: project.text])
          : ["key": .string(ProjectName.tag), "value": .string(project.text)]), by: author, at: now, in: connection)
  }

  private static func version(
    _ new: NewModelVersion, number: Int, files: [ModelFile], by author: Author, at now: Timestamp
  ) -> ModelVersion {
    ModelVersion(
      id: ModelVersionID(model: new.model, version: number), source: new.source, run: new.run, runLink: new.runLink,
      loggedModelID: new.loggedModelID, description: new.description, createdBy: author.name, stage: .none,
      status: .ready, statusMessage: nil, creationTime: now, lastUpdateTime: now, tags: new.tags, aliases: [],
      files: files, size: files.reduce(0) { $0 + $1.size }, checksum: ModelRules.checksum(of: files),
      signature: new.signature, inputExample: new.inputExample, lineage: new.lineage, metrics: new.metrics)
  }

  /// What the ledger keeps of a version.
  private static func summary(of version: ModelVersion) -> JSON {
    var summary: [String: JSON] = [
      "source": .string(version.source), "size": .integer(version.size), "lineage": version.lineage,
      "metrics": .object(version.metrics.mapValues(JSON.double)),
      "tags": .object(version.tags.mapValues(JSON.string)), "prompt": .boolean(PromptFilter.isPrompt(version.tags)),
    ]
    summary["description"] = version.description.map(JSON.string)
    summary["run"] = version.run.map { .string($0.text) }
    summary["checksum"] = version.checksum.map { .string($0.hex) }
    return .object(summary)
  }

  /// - Throws: `.notFound`, naming model and version.
  package func version(_ id: ModelVersionID) async throws -> ModelVersion {
    try await database.read { try VersionStore.get(id, in: $0) }
  }

  /// The newest version in each of the stages; all stages when none are named.
  package func latestVersions(of name: ModelName, in stages: [ModelStage] = []) async throws -> [ModelVersion] {
    let latest = try await database.read { connection in
      try ModelStore.demand(name, in: connection)
      return try VersionStore.latest(of: name, in: connection)
    }
    return stages.isEmpty ? latest : latest.filter { stages.contains($0.stage) }
  }

  /// The newest version of all.
  package func newestVersion(of name: ModelName) async throws -> ModelVersion? {
    try await latestVersions(of: name).max { $0.id.version < $1.id.version }
  }

  /// - Parameters:
  ///   - filter: MLflow's grammar over name, run_id, source_path, version_number and tags.
  ///   - limit: 1 … 200,000
  ///   - visibility: of models; those of others are as if they were not there.
  package func searchVersions(
    filter: String? = nil, orderBy: [String] = [], limit: Int = 10_000, pageToken: String? = nil,
    visibility: Visibility = .everything
  ) async throws -> Page<ModelVersion> {
    try Self.checkLimit(limit, atMost: 200_000)
    let clauses = try VersionStore.grammar.parse(filter)
    let orders = try VersionStore.grammar.parseOrders(orderBy)
    let offset = try PageToken(pageToken).offset
    let found = try await database.read {
      try VersionStore.search(
        clauses, orders: orders, visibility: visibility, limit: limit + 1, offset: offset, in: $0)
    }
    return Self.page(found, limit: limit, offset: offset)
  }

  package func describeVersion(_ id: ModelVersionID, as text: String?, by author: Author) async throws -> ModelVersion {
    try ModelRules.checkDescription(text)
    return try await changeVersion("model.version.described", id, by: author) { $0.description = text }
  }

  package func setVersionTag(_ key: String, _ value: String, on id: ModelVersionID, by author: Author) async throws {
    try ModelRules.checkTag(key, value)
    let after: JSON = ["key": .string(key), "value": .string(value)]
    try await change("model.version.tag.set", "model:\(id)", after: after, of: id.model, by: author) {
      connection, now in
      try Self.touch(id, at: now, in: connection)
      try VersionStore.setTag(key, value, on: id, in: connection)
    }
  }

  package func deleteVersionTag(_ key: String, of id: ModelVersionID, by author: Author) async throws {
    let before: JSON = ["key": .string(key)]
    try await change("model.version.tag.removed", "model:\(id)", before: before, of: id.model, by: author) {
      connection, now in
      try Self.touch(id, at: now, in: connection)
      try VersionStore.deleteTag(key, of: id, in: connection)
    }
  }

  /// Deletes a version; its number is not used again.
  package func deleteVersion(_ id: ModelVersionID, by author: Author) async throws {
    try await change("model.version.deleted", "model:\(id)", by: author) { connection, now in
      _ = try VersionStore.get(id, in: connection)
      try VersionStore.delete(id, in: connection)
      try ModelStore.touch(id.model, at: now, in: connection)
    }
  }

  // MARK: Stages and aliases

  /// - Parameter archivingOthers: moves the versions that are in that stage to the archive.
  package func move(
    _ id: ModelVersionID, to stage: ModelStage, archivingOthers: Bool = false, by author: Author
  ) async throws -> ModelVersion {
    guard !archivingOthers || stage == .staging || stage == .production else {
      throw MartletError.invalidInput(
        "Model version transition cannot archive existing model versions because '\(stage.rawValue)' is not an Active "
          + "stage. Valid stages are ['Staging', 'Production']")
    }
    let after: JSON = ["stage": .string(stage.rawValue)]
    return try await change("model.version.stage.set", "model:\(id)", after: after, by: author) { connection, now in
      var version = try VersionStore.get(id, in: connection)
      if archivingOthers { _ = try VersionStore.archiveOthers(in: stage, than: id, at: now, in: connection) }
      version.stage = stage
      version.lastUpdateTime = now
      try VersionStore.update(version, in: connection)
      try ModelStore.touch(id.model, at: now, in: connection)
      return version
    }
  }

  package func setAlias(_ alias: String, to id: ModelVersionID, by author: Author) async throws {
    try ModelRules.checkAlias(alias)
    let after: JSON = ["alias": .string(alias), "version": .integer(Int64(id.version))]
    try await change("model.alias.set", "model:\(id.model)", after: after, of: id.model, by: author) {
      connection, now in
      _ = try VersionStore.get(id, in: connection)
      try ModelStore.setAlias(alias, to: id, in: connection)
      try ModelStore.touch(id.model, at: now, in: connection)
    }
  }

  package func deleteAlias(_ alias: String, of name: ModelName, by author: Author) async throws {
    let before: JSON = ["alias": .string(alias)]
    try await change("model.alias.removed", "model:\(name)", before: before, of: name, by: author) { connection, now in
      try ModelStore.demand(name, in: connection)
      try ModelStore.deleteAlias(alias, of: name, in: connection)
      try ModelStore.touch(name, at: now, in: connection)
    }
  }

  /// The version that an alias names; nil when there is no such alias.
  package func findVersion(of name: ModelName, alias: String) async throws -> ModelVersion? {
    try await database.read { connection in
      try ModelStore.demand(name, in: connection)
      guard let number = try ModelStore.version(aliased: alias, of: name, in: connection) else { return nil }
      return try VersionStore.get(ModelVersionID(model: name, version: number), in: connection)
    }
  }

  private func changeVersion(
    _ action: String, _ id: ModelVersionID, by author: Author,
    _ body: @escaping @Sendable (inout ModelVersion) -> Void
  ) async throws -> ModelVersion {
    try await change(action, "model:\(id)", by: author) { connection, now in
      var version = try VersionStore.get(id, in: connection)
      body(&version)
      version.lastUpdateTime = now
      try VersionStore.update(version, in: connection)
      return version
    }
  }

  private static func touch(_ id: ModelVersionID, at now: Timestamp, in connection: any SQLConnection) throws {
    var version = try VersionStore.get(id, in: connection)
    version.lastUpdateTime = now
    try VersionStore.update(version, in: connection)
  }
}

package import MartletCore
package import MartletStore

/// A registered version of another registry. Times are milliseconds since 1970.
package struct ImportedVersion: Sendable, Hashable, Codable {
  /// Where its files lie among what was imported.
  package struct Place: Sendable, Hashable, Codable {
    package var run: String?
    package var loggedModel: String?
    /// Below the artifacts of the run or logged model; empty: all of them.
    package var path: String

    package init(run: String? = nil, loggedModel: String? = nil, path: String = "") {
      self.run = run
      self.loggedModel = loggedModel
      self.path = path
    }
  }

  package var version: Int
  package var source: String
  package var run: String?
  package var runLink: String?
  package var loggedModel: String?
  package var description: String?
  package var user: String
  package var stage: String
  package var status: String
  package var statusMessage: String?
  package var creationTime: Int64
  package var lastUpdateTime: Int64
  package var tags: [String: String]
  package var place: Place?

  package init(
    version: Int, source: String, run: String? = nil, runLink: String? = nil, loggedModel: String? = nil,
    description: String? = nil, user: String = "", stage: String = "None", status: String = "READY",
    statusMessage: String? = nil, creationTime: Int64, lastUpdateTime: Int64, tags: [String: String] = [:],
    place: Place? = nil
  ) {
    self.version = version
    self.source = source
    self.run = run
    self.runLink = runLink
    self.loggedModel = loggedModel
    self.description = description
    self.user = user
    self.stage = stage
    self.status = status
    self.statusMessage = statusMessage
    self.creationTime = creationTime
    self.lastUpdateTime = lastUpdateTime
    self.tags = tags
    self.place = place
  }
}

/// A registered model of another registry with all its versions.
package struct ImportedModel: Sendable, Hashable, Codable {
  package var name: String
  package var description: String?
  package var creationTime: Int64
  package var lastUpdateTime: Int64
  package var tags: [String: String]
  package var aliases: [String: Int]
  package var versions: [ImportedVersion]
  /// The greatest number that was ever given, also to a version that is deleted.
  package var lastVersion: Int

  package init(
    name: String, description: String?, creationTime: Int64, lastUpdateTime: Int64, tags: [String: String],
    aliases: [String: Int], versions: [ImportedVersion], lastVersion: Int
  ) {
    self.name = name
    self.description = description
    self.creationTime = creationTime
    self.lastUpdateTime = lastUpdateTime
    self.tags = tags
    self.aliases = aliases
    self.versions = versions
    self.lastVersion = lastVersion
  }
}

/// Writes registered models of another server, with the numbers and times they had there.
package enum RegistryImport {
  /// Adds a model with its versions; false when there is one of that name, which then stays as it is.
  ///
  /// - Parameter files: of a version, as `place` says.
  package static func add(
    _ model: ImportedModel, by author: Author, in connection: any SQLConnection,
    files: (ImportedVersion.Place) throws -> [ModelFile]
  ) throws -> Bool {
    let name = ModelName(model.name)
    try check(model)
    let created = Timestamp(milliseconds: model.creationTime)
    guard
      try ModelStore.insert(name, description: model.description, by: author, at: created, in: connection)
    else { return false }
    for (key, value) in model.tags { try ModelStore.setTag(key, value, on: name, in: connection) }
    for version in model.versions {
      let held = try version.place.map(files) ?? []
      try VersionStore.insert(try ModelVersion(version, of: name, files: held), in: connection)
    }
    for (alias, number) in model.aliases {
      try ModelStore.setAlias(alias, to: ModelVersionID(model: name, version: number), in: connection)
    }
    let last = max(model.lastVersion, model.versions.map(\.version).max() ?? 0)
    try connection.execute(
      "UPDATE registered_models SET last_update_time = ?, last_version = ? WHERE name = ?",
      [.integer(model.lastUpdateTime), SQLValue(last), SQLValue(name)])
    return true
  }

  private static func check(_ model: ImportedModel) throws {
    try ModelRules.checkName(ModelName(model.name))
    try ModelRules.checkDescription(model.description)
    for (key, value) in model.tags { try ModelRules.checkTag(key, value) }
    let numbers = Set(model.versions.map(\.version))
    guard numbers.count == model.versions.count, numbers.allSatisfy({ $0 > 0 }) else {
      throw MartletError.invalidInput("the versions of the model '\(model.name.prefix(80))' are not numbered once each")
    }
    for (alias, number) in model.aliases {
      try ModelRules.checkAlias(alias)
      guard numbers.contains(number) else {
        throw MartletError.invalidInput(
          "the alias '\(alias.prefix(60))' of the model '\(model.name.prefix(80))' names no version of it")
      }
    }
  }

  /// The imported shape of a model that is here; nil when there is none.
  package static func read(_ name: String, in connection: any SQLConnection) throws -> ImportedModel? {
    guard try ModelStore.exists(ModelName(name), in: connection) else { return nil }
    let model = try ModelStore.get(ModelName(name), in: connection)
    let numbers = try connection.rows("SELECT version FROM model_versions WHERE name = ?", [.text(name)]) {
      try $0.int(0)
    }
    let versions = try numbers.map { number in
      ImportedVersion(try VersionStore.get(ModelVersionID(model: model.name, version: number), in: connection))
    }
    return ImportedModel(
      name: name, description: model.description, creationTime: model.creationTime.milliseconds,
      lastUpdateTime: model.lastUpdateTime.milliseconds, tags: model.tags, aliases: model.aliases, versions: versions,
      lastVersion: 0)
  }
}

extension ModelVersion {
  fileprivate init(_ version: ImportedVersion, of model: ModelName, files: [ModelFile]) throws {
    try ModelRules.checkDescription(version.description)
    for (key, value) in version.tags { try ModelRules.checkTag(key, value) }
    let files = files.sorted { $0.path < $1.path }
    self.init(
      id: ModelVersionID(model: model, version: version.version), source: version.source,
      run: version.run.map { RunID($0) }, runLink: version.runLink, loggedModelID: version.loggedModel,
      description: version.description, createdBy: version.user, stage: try ModelStage(written: version.stage),
      status: Status(rawValue: version.status) ?? .ready, statusMessage: version.statusMessage,
      creationTime: Timestamp(milliseconds: version.creationTime),
      lastUpdateTime: Timestamp(milliseconds: version.lastUpdateTime), tags: version.tags, aliases: [], files: files,
      size: files.reduce(0) { $0 + $1.size }, checksum: ModelRules.checksum(of: files), signature: nil,
      inputExample: nil, lineage: [:], metrics: [:])
  }
}

extension ImportedVersion {
  fileprivate init(_ version: ModelVersion) {
    self.init(
      version: version.id.version, source: version.source, run: version.run?.text, runLink: version.runLink,
      loggedModel: version.loggedModelID, description: version.description, user: version.createdBy,
      stage: version.stage.rawValue, status: version.status.rawValue, statusMessage: version.statusMessage,
      creationTime: version.creationTime.milliseconds, lastUpdateTime: version.lastUpdateTime.milliseconds,
      tags: version.tags)
  }
}

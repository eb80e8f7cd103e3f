package import MartletCore
import MartletData
import MartletFeatures
import MartletGovernance
import MartletMonitoring
package import MartletPipelines
import MartletServing

/// Makes what a project version declares: datasets, feature views, endpoints. Nothing changes where nothing differs.
package struct ProjectSetup: Sendable {
  let platform: Platform

  package init(platform: Platform) { self.platform = platform }

  /// Stores a snapshot; unless it is a branch, it becomes the project's active version and its declarations are made.
  ///
  /// - Parameter project: the project that the snapshot must be of.
  /// - Throws: `.conflict` when an experiment or model that its pipeline would use is somebody else's.
  package func put(_ snapshot: ProjectSnapshot, of project: ProjectName, by author: Author) async throws
    -> ProjectVersion
  {
    var context = ProjectFileContext.checking
    context.files = snapshot.files
    let file = try ProjectFile.parse(try snapshot.files.text("martlet.yaml"), context: context)
    guard file.project == project else {
      throw MartletError.invalidInput(
        "martlet.yaml is of the project '\(file.project)', the address is of '\(project)'",
        fix: "upload it to /projects/\(file.project)")
    }
    try await ProjectClaim(project: project).check(file, platform)
    let version = try await platform.projects.put(snapshot, context: .checking, by: author, at: platform.clock.now)
    if version.branch == nil { try await apply(version, by: author) }
    return version
  }

  /// Makes the declarations of a version. A branch's run uses this for its feature views as well.
  func apply(_ version: ProjectVersion, by author: Author) async throws {
    let now = try await platform.now(of: version.project)
    let files = try await platform.projects.files(of: version)
    for section in version.file.data {
      let definition: DatasetDefinition = try section.json.decode()
      try await platform.data.define(
        DatasetKey(project: version.project, name: DatasetName(section.name)), definition, by: author, at: now)
    }
    for section in version.file.features {
      try await platform.features.define(version.project, try Self.view(section, files), by: author, at: now)
    }
    for section in version.file.endpoints {
      try await platform.deployments.define(Self.endpoint(section, version.file), by: author, at: now)
    }
    // The online tables hold what is known by now, so that a new view can serve at once.
    try await Deliveries(platform: platform).refresh(version.project, at: now)
  }

  private static func view(_ section: FeatureSection, _ files: ProjectFiles) throws -> FeatureViewDefinition {
    var definition: FeatureViewDefinition = try section.json.decode()
    definition.name = section.name
    definition.sql = try section.sql.statement(in: files)
    return definition
  }

  private static func endpoint(_ section: EndpointSection, _ file: ProjectFile) -> EndpointDefinition {
    EndpointDefinition(
      name: EndpointName(section.name), project: file.project,
      strategy: EndpointDefinition.Strategy(rawValue: section.strategy.rawValue) ?? .replace,
      traffic: section.strategy == .canary ? section.traffic : [], holdRequests: section.holdRequests ?? 0,
      rollback: section.rollbackGate.flatMap { file.gate($0)?.lines } ?? [],
      log: ScoringConfiguration.LogPolicy(
        share: section.log?.share ?? 1, idColumn: section.log?.id, timeColumn: section.log?.time))
  }
}

extension ProjectFileContext {
  /// Lets each section be checked by the module that gives it meaning, so that its errors name the line.
  static var checking: ProjectFileContext {
    var context = ProjectFileContext(checkExpression: { _ = try GateExpression.parse($0) })
    context.checkDataset = { _, json in _ = try json.decode(DatasetDefinition.self) }
    context.checkFeature = { _, json in _ = try json.decode(FeatureViewDefinition.self) }
    return context
  }
}

extension MonitorDefinition {
  /// A monitor as the project file declares it.
  init(_ section: MonitorSection) {
    self.init(
      endpoint: EndpointName(section.endpoint), windowMilliseconds: section.windowMilliseconds,
      labelDelayMilliseconds: section.labelDelayMilliseconds, driftColumns: section.driftColumns,
      driftShare: section.driftShare ?? 0.5,
      rules: section.alerts.map { rule in
        AlertRule(
          when: rule.when, windows: rule.windows, severity: AlertSeverity(rawValue: rule.severity.rawValue) ?? .warn,
          owner: rule.owner)
      })
  }
}

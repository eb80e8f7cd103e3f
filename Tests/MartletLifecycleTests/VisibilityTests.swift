import Foundation
import MartletAccess
import MartletCore
import MartletRegistry
import MartletStore
import MartletTesting
import MartletTracking
import Testing

@testable import MartletLifecycle

@Suite("Searches find what their reader may see, and tell nothing of the rest") struct VisibilityTests {
  private let root = Author(name: "root", role: "admin")

  /// One experiment and one model, with a version, for each of these; the last belongs to no project.
  private static let owners: [ProjectName?] = ["alpha", "beta", "gamma", nil]

  private func furnish(_ platform: Platform) async throws -> [ExperimentID] {
    var experiments: [ExperimentID] = []
    for owner in Self.owners {
      let name = owner?.text ?? "none"
      let tags = [ProjectName.tag: owner?.text].compactMapValues(\.self)
      experiments.append(
        try await platform.tracker.createExperiment(
          named: name, tags: tags.map { KeyValue($0, $1) }, by: root))
      _ = try await platform.registry.createModel(ModelName(name), tags: tags, by: root)
      _ = try await platform.registry.createVersion(
        NewModelVersion(model: ModelName(name), source: "s3://bucket/model"), by: root)
    }
    return experiments
  }

  private static let grants: [[Grant]] = [
    [], [Grant(.dataScientist, in: "alpha")], [Grant(.dataScientist)], [Grant(.executive)], [Grant(.admin)],
    [Grant(.dataEngineer, in: "alpha"), Grant(.executive, in: "beta")], [Grant(.devops, in: "absent")],
    [Grant(.dataScientist, in: "beta"), Grant(.mlArchitect, in: "gamma")],
  ]

  private static let limits: [Caller.Limits] = [
    .init(), .init(permissions: [.read]), .init(permissions: [.log, .register]), .init(project: "alpha"),
    .init(permissions: [.overview], project: "beta"),
  ]

  /// Permissions of MLflow's kind, over the names of the things of one kind.
  private static func resources(_ kind: ResourceKind, _ ids: [String]) -> [[ResourceGrant]] {
    let (a, b, none) = (ids[0], ids[1], ids[3])
    return [
      [], [ResourceGrant(kind, b, .read)], [.makers(kind, b)], [.makers(kind, none), .makers(kind, a)],
      [ResourceGrant(kind, "*", .use)], [ResourceGrant(kind, "*", .deny), ResourceGrant(kind, a, .manage)],
      [ResourceGrant(kind, a, .deny), .makers(kind, a)],
      [ResourceGrant(kind, "*", .read), ResourceGrant(kind, b, .deny)],
      [ResourceGrant(kind, "00\(a)", .edit), ResourceGrant(kind, "no number", .edit), ResourceGrant(kind, b, .none)],
      [ResourceGrant(kind == .model ? .experiment : .model, "*", .manage)],
    ]
  }

  private static func callers(_ kind: ResourceKind, _ ids: [String]) -> [Caller] {
    var callers = [Caller.local()]
    for grants in grants {
      for resources in resources(kind, ids) {
        callers += limits.map { Caller(.user(1), name: "eve", grants: grants, resources: resources, limits: $0) }
      }
    }
    return callers
  }

  @Test("A search finds exactly what the rules show one by one", arguments: TestDatabase.kinds)
  func agreement(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      let (tracker, registry) = (harness.platform.tracker, harness.platform.registry)
      let own = try await furnish(harness.platform)
      let experiments = try await tracker.searchExperiments(view: .all).items
      for caller in Self.callers(.experiment, own.map(\.text)) {
        let shown = experiments.filter { AccessControl.shows(Ownerships.owner(of: $0), to: caller) }.map(\.id)
        let visibility = caller.visibility(of: .experiment)
        let found = try await tracker.searchExperiments(view: .all, visibility: visibility).items.map(\.id)
        #expect(Set(found) == Set(shown), "\(caller)")
        let asked = experiments.map(\.id)
        #expect(try await tracker.experiments(asked, within: visibility) == shown, "\(caller)")
      }
      let models = try await registry.searchModels().items
      for caller in Self.callers(.model, Self.owners.map { $0?.text ?? "none" }) {
        for permission in [Permission.read, .overview] {
          let shown = models.filter { AccessControl.shows(Ownerships.owner(of: $0), to: caller, permission) }.map(
            \.name)
          let visibility = caller.visibility(of: .model, permission)
          #expect(try await registry.searchModels(visibility: visibility).items.map(\.name) == shown, "\(caller)")
          let versions = try await registry.searchVersions(visibility: visibility).items.map(\.id.model)
          #expect(Set(versions) == Set(shown), "\(caller)")
        }
      }
    }
  }

  // MARK: Much that is hidden

  private static let bob = Caller(
    .user(7), name: "bob", grants: [Grant(.dataScientist, in: "alpha")],
    resources: [ResourceGrant(.experiment, "1", .deny), ResourceGrant(.model, "alpha 0001", .deny)])

  /// Thirty experiments and models of alpha, and as many of beta as are wanted, before and behind them.
  private func crowd(_ database: any Database, hidden: Int) async throws {
    try await database.write { connection in
      func add(_ name: String, _ number: Int64, _ project: String) throws {
        let (id, key) = (SQLValue.integer(number), SQLValue.text(ProjectName.tag))
        try connection.execute(
          """
          INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle, creation_time, last_update_time)
          VALUES (?, ?, '', 'active', 0, 0)
          """, [id, .text(name)])
        try connection.execute(
          "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (?, ?, ?)", [id, key, .text(project)])
        try connection.execute(
          """
          INSERT INTO registered_models (name, created_by, creation_time, last_update_time, last_version)
          VALUES (?, '', 0, 0, 1)
          """, [.text(name)])
        try connection.execute(
          "INSERT INTO registered_model_tags (name, key, value) VALUES (?, ?, ?)", [.text(name), key, .text(project)])
        try connection.execute(
          """
          INSERT INTO model_versions (name, version, source, created_by, stage, status, creation_time,
            last_update_time, size, lineage, metrics) VALUES (?, 1, '', '', 'None', 'READY', 0, 0, 0, '{}', '{}')
          """, [.text(name)])
      }
      for number in 0..<hidden { try add("\(number % 2 == 0 ? "a" : "z") \(number)", Int64(10_000 + number), "beta") }
      for number in 1...30 { try add(String(format: "alpha %04d", number), Int64(number), "alpha") }
    }
  }

  private struct Walk: Equatable {
    var names: [[String]] = []
    var tokens: [String?] = []
    var statements: [Int] = []

    /// All pages of one search.
    init<Item>(
      _ log: StatementLog, _ name: (Item) -> String, _ search: (String?) async throws -> Page<Item>
    ) async throws {
      repeat {
        let page = try await search(tokens.last ?? nil)
        names.append(page.items.map(name))
        tokens.append(page.nextToken)
        let statements = log.take()
        self.statements.append(statements.count)
        guard log.dialect == .sqlite else { continue }
        for statement in statements {
          let whole = try await log.plan(statement).filter { step in
            ["SCAN e", "SCAN m", "SCAN v"].contains { step == $0 || step.hasPrefix("\($0) ") }
          }
          #expect(whole.isEmpty, "\(statement.sql)")
        }
      } while tokens.last != .some(nil)
    }
  }

  private func walks(_ kind: TestDatabase.Kind, hidden: Int) async throws -> [Walk] {
    let log = StatementLog(try await kind.open())
    try await crowd(log, hidden: hidden)
    let (tracker, registry) = (ExperimentTracker(database: log), ModelRegistry(database: log))
    let experiments = try await Walk(log, \Experiment.name) {
      try await tracker.searchExperiments(
        orderBy: ["name"], limit: 7, pageToken: $0, visibility: Self.bob.visibility(of: .experiment))
    }
    let models = try await Walk(log, \RegisteredModel.name.text) {
      try await registry.searchModels(limit: 7, pageToken: $0, visibility: Self.bob.visibility(of: .model))
    }
    let versions = try await Walk(log, \ModelVersion.id.description) {
      try await registry.searchVersions(limit: 7, pageToken: $0, visibility: Self.bob.visibility(of: .model))
    }
    await log.close()
    return [experiments, models, versions]
  }

  @Test("Five thousand hidden things change neither pages, nor tokens, nor what is run", arguments: TestDatabase.kinds)
  func crowded(kind: TestDatabase.Kind) async throws {
    let crowded = try await walks(kind, hidden: 5000)
    #expect(crowded == (try await walks(kind, hidden: 0)))
    for walk in crowded { #expect(walk.names.map(\.count) == [7, 7, 7, 7, 1]) }
  }
}

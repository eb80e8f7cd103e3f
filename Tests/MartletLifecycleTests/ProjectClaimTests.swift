import MartletAccess
import MartletCore
import MartletLedger
import MartletPipelines
import MartletRegistry
import MartletTesting
import MartletTracking
import Testing

@testable import MartletLifecycle

@Suite("A project takes nobody's experiment and model, and nobody has its own before it") struct ProjectClaimTests {
  private static let yaml = """
    martlet: 1
    project: tiny
    steps:
      train: {train: {table: a.out, label: x, engines: [lightgbm], tune: {sampler: random, trials: 1, metric: pr_auc}}}
      register: {register: {model: train.model, name: tiny-model}}
      a: {run: "true", out: {out: a.parquet}}
    """

  /// Somebody with the right to make things everywhere, so that what they make belongs to no project.
  private func mallory(_ platform: Platform) async throws -> Caller {
    _ = try await platform.accounts.create("root", password: nil, grants: [Grant(.admin)], by: ada)
    _ = try await platform.accounts.create("mallory", password: nil, grants: [Grant(.dataScientist)], by: ada)
    return try await platform.accounts.caller(named: "mallory")
  }

  private func makeExperiment(_ platform: Platform, tags: [KeyValue] = [], by caller: Caller?) async throws
    -> ExperimentID
  {
    let own = Accounts.creation(.experiment, by: caller ?? .local(), author: ada)
    return try await platform.tracker.createExperiment(named: "tiny", tags: tags, by: ada, alongside: own)
  }

  private func makeModel(_ platform: Platform, tags: [String: String] = [:], by caller: Caller?) async throws {
    let own = Accounts.creation(.model, by: caller ?? .local(), author: ada)
    _ = try await platform.registry.createModel("tiny-model", tags: tags, by: ada) { try own($0, "tiny-model", $1) }
  }

  private func expectConflict(_ named: String, _ body: () async throws -> Void) async {
    await #expect {
      try await body()
    } throws: { error in
      let error = error as? MartletError
      return error?.code == .conflict && error?.message.contains(named) == true
        && error?.fix?.contains("martlet.project=tiny") == true
    }
  }

  private func ensure(_ platform: Platform) async throws -> ExperimentID {
    try await platform.tracker.ensureExperiment(
      of: "tiny", by: ada, claim: ProjectClaim(project: "tiny").experiment)
  }

  private func register(_ platform: Platform) async throws -> ModelVersion {
    try await platform.registry.createVersion(
      NewModelVersion(model: "tiny-model", source: "s3://bucket/x", project: "tiny"), by: ada,
      claim: ProjectClaim(project: "tiny").model)
  }

  @Test("A project whose name is an experiment of somebody else is not made", arguments: TestDatabase.kinds)
  func squattedExperiment(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      let platform = harness.platform
      let id = try await makeExperiment(platform, by: try await mallory(platform))
      await expectConflict("the experiment 'tiny'") { try await harness.put(Self.yaml) }
      #expect(try await platform.projects.projects().isEmpty)
      await expectConflict("the experiment 'tiny'") { _ = try await ensure(platform) }
      #expect(try await platform.tracker.experiment(id).tags.isEmpty)
      // What she hands over is the project's.
      try await platform.tracker.setExperimentTag(KeyValue(ProjectName.tag, "tiny"), on: id)
      try await harness.put(Self.yaml)
      #expect(try await ensure(platform) == id)
    }
  }

  @Test("A project that would register versions of somebody else's model is not made", arguments: TestDatabase.kinds)
  func squattedModel(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      let platform = harness.platform
      try await makeModel(platform, by: try await mallory(platform))
      await expectConflict("the registered model 'tiny-model'") { try await harness.put(Self.yaml) }
      await expectConflict("the registered model 'tiny-model'") { _ = try await register(platform) }
      #expect(try await platform.registry.searchVersions().items.isEmpty)
    }
  }

  @Test("What another project has is not taken, also where nobody has permissions on it", arguments: TestDatabase.kinds)
  func otherProject(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      let platform = harness.platform
      _ = try await makeExperiment(platform, tags: [KeyValue(ProjectName.tag, "other")], by: nil)
      try await makeModel(platform, tags: [ProjectName.tag: "other"], by: nil)
      await expectConflict("the experiment 'tiny'") { try await harness.put(Self.yaml) }
      await expectConflict("the experiment 'tiny'") { _ = try await ensure(platform) }
      await expectConflict("the registered model 'tiny-model'") { _ = try await register(platform) }
    }
  }

  @Test("What belongs to nobody becomes the project's, and is brought back", arguments: TestDatabase.kinds)
  func adoption(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      let platform = harness.platform
      let id = try await makeExperiment(platform, by: nil)
      try await makeModel(platform, by: nil)
      try await platform.tracker.deleteExperiment(id, by: ada)
      try await harness.put(Self.yaml)
      #expect(try await ensure(platform) == id)
      let experiment = try await platform.tracker.experiment(id)
      #expect(experiment.lifecycle == .active && experiment.tags == [KeyValue(ProjectName.tag, "tiny")])
      #expect(try await register(platform).id.version == 1)
      #expect(try await platform.registry.model("tiny-model").tags == [ProjectName.tag: "tiny"])
      #expect(try await register(platform).id.version == 2)
      let entries = try await harness.entries("experiment.claimed", "model.tag.set")
      #expect(entries.map(\.entry.object) == ["experiment:\(id)", "model:tiny-model"])
    }
  }

  @Test("What a pipeline makes is its project's from the start", arguments: TestDatabase.kinds)
  func made(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      let platform = harness.platform
      let id = try await ensure(platform)
      #expect(try await platform.tracker.experiment(id).tags == [KeyValue(ProjectName.tag, "tiny")])
      #expect(try await ensure(platform) == id)
      #expect(try await harness.entries("experiment.created").count == 1)
      _ = try await register(platform)
      let entry = try #require(try await harness.entries("model.created").first)
      #expect(entry.entry.after?["tags"]?[ProjectName.tag] == "tiny")
    }
  }
}

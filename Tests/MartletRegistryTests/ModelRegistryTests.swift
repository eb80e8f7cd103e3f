import MartletCore
import MartletRegistry
import MartletTesting
import Testing

@Suite("The model registry")
struct ModelRegistryTests {
  private func registry(_ kind: TestDatabase.Kind) async throws -> ModelRegistry {
    ModelRegistry(database: try await kind.open(), clock: .fixed(Timestamp(milliseconds: 1_700_000_000_000)))
  }

  private let files = [
    ModelFile(path: "model.txt", digest: Digest(bytes: Array(repeating: 1, count: 32)), size: 10),
    ModelFile(path: "MLmodel", digest: Digest(bytes: Array(repeating: 2, count: 32)), size: 5),
  ]

  @Test("A version keeps what it was registered with", arguments: TestDatabase.kinds)
  func version(kind: TestDatabase.Kind) async throws {
    let registry = try await registry(kind)
    let registered = try await registry.createVersion(
      NewModelVersion(
        model: "flight-delay", source: "runs:/abc/model", run: "abc", description: "first", tags: ["stage": "x"],
        files: files, signature: ["inputs": "[]"], inputExample: [1, 2], lineage: ["data": ["flights": "d1"]],
        metrics: ["pr_auc": 0.5, "nan": .nan], project: "p"), by: Author(name: "ann", role: "data scientist"))
    let read = try await registry.version(registered.id)
    #expect(read.id == ModelVersionID(model: "flight-delay", version: 1))
    #expect(read.files.map(\.path) == ["MLmodel", "model.txt"])
    #expect(read.size == 15)
    #expect(read.checksum == registered.checksum && read.checksum != nil)
    #expect(read.signature == ["inputs": "[]"])
    #expect(read.inputExample == [1, 2])
    #expect(read.lineage == ["data": ["flights": "d1"]])
    #expect(read.metrics["pr_auc"] == 0.5 && read.metrics["nan"]?.isNaN == true)
    #expect(read.tags == ["stage": "x"])
    #expect(read.createdBy == "ann")
    #expect(read.downloadURI == "mlflow-artifacts:/registry/flight-delay/1")
  }

  @Test("Numbers of deleted versions are not used again", arguments: TestDatabase.kinds)
  func numbers(kind: TestDatabase.Kind) async throws {
    let registry = try await registry(kind)
    let new = NewModelVersion(model: "m", source: "s3://b/m", project: "p")
    _ = try await registry.createVersion(new, by: .martlet)
    let second = try await registry.createVersion(new, by: .martlet)
    try await registry.deleteVersion(second.id, by: .martlet)
    #expect(try await registry.createVersion(new, by: .martlet).id.version == 3)
    await #expect(throws: MartletError(.notFound, "Model Version (name=m, version=2) not found")) {
      try await registry.version(second.id)
    }
  }

  @Test("Stages move, archiving others where asked", arguments: TestDatabase.kinds)
  func stages(kind: TestDatabase.Kind) async throws {
    let registry = try await registry(kind)
    let new = NewModelVersion(model: "m", source: "s3://b/m", project: "p")
    let first = try await registry.createVersion(new, by: .martlet)
    let second = try await registry.createVersion(new, by: .martlet)
    _ = try await registry.move(first.id, to: .production, by: .martlet)
    _ = try await registry.move(second.id, to: .production, archivingOthers: true, by: .martlet)
    #expect(try await registry.version(first.id).stage == .archived)
    #expect(try await registry.latestVersions(of: "m", in: [.production]).map(\.id) == [second.id])
    await #expect(throws: MartletError.self) {
      try await registry.move(first.id, to: .archived, archivingOthers: true, by: .martlet)
    }
  }

  @Test("An alias names one version, and goes with it", arguments: TestDatabase.kinds)
  func aliases(kind: TestDatabase.Kind) async throws {
    let registry = try await registry(kind)
    let new = NewModelVersion(model: "m", source: "s3://b/m", project: "p")
    let first = try await registry.createVersion(new, by: .martlet)
    let second = try await registry.createVersion(new, by: .martlet)
    try await registry.setAlias("champion", to: first.id, by: .martlet)
    try await registry.setAlias("champion", to: second.id, by: .martlet)
    #expect(try await registry.findVersion(of: "m", alias: "champion")?.id == second.id)
    #expect(try await registry.model("m").aliases == ["champion": 2])
    try await registry.deleteVersion(second.id, by: .martlet)
    #expect(try await registry.findVersion(of: "m", alias: "champion") == nil)
    for wrong in ["latest", "V3", "", "a b"] {
      await #expect(throws: MartletError.self) { try await registry.setAlias(wrong, to: first.id, by: .martlet) }
    }
  }

  @Test(
    "Models and versions are found by the filter grammar; prompts only where asked for", arguments: TestDatabase.kinds)
  func search(kind: TestDatabase.Kind) async throws {
    let registry = try await registry(kind)
    _ = try await registry.createModel("alpha", tags: ["team": "blue"], by: .martlet)
    _ = try await registry.createModel("beta", by: .martlet)
    _ = try await registry.createModel("a-prompt", tags: ["mlflow.prompt.is_prompt": "true"], by: .martlet)
    func names(_ filter: String?, _ order: [String] = []) async throws -> [String] {
      try await registry.searchModels(filter: filter, orderBy: order).items.map(\.name.text)
    }
    #expect(try await names(nil) == ["alpha", "beta"])
    #expect(try await names("name LIKE 'al%'") == ["alpha"])
    #expect(try await names("tags.team = 'blue'") == ["alpha"])
    #expect(try await names(nil, ["name DESC"]) == ["beta", "alpha"])
    #expect(try await names("tags.`mlflow.prompt.is_prompt` = 'true'") == ["a-prompt"])
    #expect(try await names("tags.`mlflow.prompt.is_prompt` != 'true'") == ["alpha", "beta"])
    _ = try await registry.createVersion(NewModelVersion(model: "alpha", source: "s3://x", run: "r1"), by: .martlet)
    _ = try await registry.createVersion(NewModelVersion(model: "alpha", source: "s3://y", run: "r2"), by: .martlet)
    func versions(_ filter: String, _ order: [String] = []) async throws -> [Int] {
      try await registry.searchVersions(filter: filter, orderBy: order).items.map(\.id.version)
    }
    #expect(try await versions("name = 'alpha'") == [2, 1])
    #expect(try await versions("name = 'alpha'", ["version_number ASC"]) == [1, 2])
    #expect(try await versions("run_id IN ('r1')") == [1])
    #expect(try await versions("version_number > 1 AND source_path = 's3://y'") == [2])
  }

  @Test("Renaming takes versions, tags and aliases along", arguments: TestDatabase.kinds)
  func rename(kind: TestDatabase.Kind) async throws {
    let registry = try await registry(kind)
    let version = try await registry.createVersion(
      NewModelVersion(model: "old", source: "s3://x", files: files, project: "p"), by: .martlet)
    try await registry.setAlias("champion", to: version.id, by: .martlet)
    _ = try await registry.createModel("taken", by: .martlet)
    await #expect(throws: MartletError.self) { try await registry.renameModel("old", to: "taken", by: .martlet) }
    let renamed = try await registry.renameModel("old", to: "new", by: .martlet)
    #expect(renamed.aliases == ["champion": 1])
    #expect(try await registry.version(ModelVersionID(model: "new", version: 1)).files.count == 2)
    await #expect(throws: MartletError.self) { try await registry.model("old") }
  }

  @Test("Names that are paths are refused", arguments: ["", " ", "a/b", "a:b", "..", "a\nb"])
  func names(name: String) async throws {
    let registry = try await registry(.sqlite)
    await #expect(throws: MartletError.self) { try await registry.createModel(ModelName(name), by: .martlet) }
  }
}

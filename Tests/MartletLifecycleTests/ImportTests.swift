import Foundation
import MartletArtifacts
import MartletCore
import MartletRegistry
import MartletStore
import MartletTesting
import MartletTracking
import Testing

@testable import MartletLifecycle

private func experiment(_ id: String, _ name: String) -> ImportedExperiment {
  ImportedExperiment(
    id: id, name: name, lifecycle: .active, creationTime: 1000, lastUpdateTime: 2000, tags: [KeyValue("team", "blue")])
}

private func run(_ id: String, in experiment: String, at place: String? = nil) -> ImportedRun {
  ImportedRun(
    id: id, experiment: experiment, name: "first", user: "bob", status: .finished, startTime: 5, endTime: 9,
    lifecycle: .deleted, deletedTime: 10, artifactPlace: place, params: [KeyValue("lr", "0.1")],
    tags: [KeyValue("mlflow.runName", "first")],
    datasets: [
      ImportedDataset(
        name: "d", digest: "x", sourceType: "local", source: "{}", schema: nil, profile: "{}",
        tags: [KeyValue("mlflow.data.context", "train")])
    ], modelOutputs: [ImportedModelLink(model: "m-1", step: 3)])
}

private let points = {
  var series = ImportedSeries(run: "r1", key: "loss")
  series.append(step: 1, timestamp: 7, value: 0.5)
  series.append(step: 2, timestamp: 8, value: .nan)
  series.append(step: 2, timestamp: 8, value: -0.0)
  return series
}()

@Suite("Imports") struct ImportTests {
  private func imports(_ harness: LoopHarness) -> Imports { harness.platform.imports }

  private func begin(_ harness: LoopHarness, into: Bool = false, _ names: [String], models: [String] = []) async throws
    -> ImportRecord
  {
    try await imports(harness).begin(
      source: "sqlite:///x.db", intoExisting: into, experiments: names, models: models, by: ada)
  }

  private func tally(_ harness: LoopHarness) async throws -> TransferTally {
    var tally = TransferTally()
    tally.add(experiment("7", "delays"))
    tally.add(run("r1", in: "7"))
    tally.add(points)
    let blob = try await harness.platform.artifacts.put(bytes: Array("hello".utf8))
    tally.add(artifact: "a/b.txt", of: "run:r1", size: 5, digest: blob.digest.hex)
    return tally
  }

  @Test("What is brought reads as it was, however often it is brought", arguments: TestDatabase.kinds)
  func roundTrip(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      let (imports, tracker) = (imports(harness), harness.platform.tracker)
      let blob = try await harness.platform.artifacts.put(bytes: Array("hello".utf8))
      let record = try await begin(harness, ["delays"])
      let batch = ImportBatch(
        experiments: [experiment("7", "delays")], runs: [run("r1", in: "7")], series: [points],
        files: [.init(run: "r1", path: "a/b.txt", digest: blob.digest, size: 5)], done: [.init(kind: "run", item: "r1")]
      )
      for _ in 0..<2 { try await imports.add(batch, to: record.id, by: ada) }
      let read = try await tracker.run("r1")
      #expect(read.info.experiment == "7" && read.info.user == "bob" && read.info.lifecycle == .deleted)
      #expect(read.info.startTime == 5 && read.info.endTime == 9 && read.info.status == .finished)
      #expect(read.info.artifactURI == "mlflow-artifacts:/7/r1/artifacts")
      #expect(read.params == [KeyValue("lr", "0.1")] && read.datasets.map(\.name) == ["d"])
      #expect(read.modelOutputs == [ModelLink(modelID: "m-1", step: 3)])
      let history = try await tracker.metricHistory("r1", key: "loss").items
      #expect(history.count == 3 && history.filter(\.value.isNaN).count == 1)
      #expect(try await tracker.artifact("a/b.txt", of: "r1").digest == blob.digest)
      #expect(try await tracker.experiment("7").creationTime == Timestamp(milliseconds: 1000))
      #expect(try await imports.missing("run", ["r1", "r2"], of: record.id) == ["r2"])
      let finished = try await imports.finish(record.id, theirs: try await tally(harness), by: ada)
      #expect(finished.state == .verified, "\(finished.report?.text ?? "")")
      let next = try await tracker.createExperiment(named: "after", by: ada)
      #expect(next.text == "8", "numbering goes on after what was brought")
      await #expect(throws: MartletError.self, "it is over") { try await imports.add(batch, to: record.id, by: ada) }
    }
  }

  @Test("A point that is missing, or another value, is found by the comparison")
  func differing() async throws {
    try await LoopHarness.with { harness in
      let imports = imports(harness)
      let record = try await begin(harness, ["delays"])
      try await imports.add(
        ImportBatch(experiments: [experiment("7", "delays")], runs: [run("r1", in: "7")], series: [points]),
        to: record.id, by: ada)
      try await harness.database.write { try $0.execute("UPDATE params SET value = '0.2'") }
      let finished = try await imports.finish(record.id, theirs: try await tally(harness), by: ada)
      #expect(finished.state == .differs)
      let ours = TransferTally(finished.report?["ours"] ?? [:])
      let theirs = TransferTally(finished.report?["theirs"] ?? [:])
      #expect(ours.lines["params"]?.count == 1 && ours.lines["params"] != theirs.lines["params"])
      #expect(ours.lines["metric points"] == theirs.lines["metric points"] && ours.lines["artifacts"] == nil)
    }
  }

  @Test("Names that are taken refuse an import before anything is written", arguments: TestDatabase.kinds)
  func taken(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      let tracker = harness.platform.tracker
      let mine = try await tracker.createExperiment(named: "delays", by: ada)
      _ = try await harness.platform.registry.createModel("m", by: ada)
      let error = await #expect(throws: MartletError.self) {
        try await begin(harness, ["delays", "free", "Default"], models: ["m"])
      }
      #expect(error?.code == .conflict && error?.message.contains("'delays', model 'm'") == true)
      #expect(try await imports(harness).records().isEmpty)

      let record = try await begin(harness, into: true, ["delays"])
      try await imports(harness).add(
        ImportBatch(experiments: [experiment("7", "delays")], runs: [run("r1", in: "7")]), to: record.id, by: ada)
      #expect(try await tracker.runInfo("r1").experiment == mine)
      #expect(try await tracker.experiment(mine).tags.isEmpty, "what was here stays as it is")
      #expect(try await imports(harness).missing("own experiment", ["7"], of: record.id) == ["7"])
    }
  }

  @Test("An experiment whose id is taken gets another; the empty Default takes the imported one's times")
  func ids() async throws {
    try await LoopHarness.with { harness in
      let mine = try await harness.platform.tracker.createExperiment(named: "mine", by: ada)
      let record = try await begin(harness, ["delays", "Default"])
      try await imports(harness).add(
        ImportBatch(experiments: [experiment(mine.text, "delays"), experiment("0", "Default")]), to: record.id, by: ada)
      let moved = try await harness.platform.tracker.findExperiment(named: "delays")
      #expect(moved?.id != mine && moved?.artifactLocation == "mlflow-artifacts:/\(moved?.id.text ?? "")")
      let standard = try await harness.platform.tracker.experiment("0")
      #expect(standard.creationTime == Timestamp(milliseconds: 1000) && standard.tag("team") == "blue")
    }
  }

  @Test("A batch that is wrong anywhere leaves nothing, and says what is wrong")
  func wrong() async throws {
    try await LoopHarness.with { harness in
      let record = try await begin(harness, ["delays"])
      let unknown = try #require(Digest(hex: String(repeating: "a", count: 64)))
      let batches: [ImportBatch] = [
        ImportBatch(runs: [run("r1", in: "7")]),
        ImportBatch(experiments: [experiment("7", "delays")], series: [points]),
        ImportBatch(experiments: [experiment("7", "delays")], runs: [run("../x", in: "7")]),
        ImportBatch(experiments: [experiment("7", "delays")], runs: [run("r1", in: "7", at: "file:///etc")]),
        ImportBatch(experiments: [experiment("7", "delays")], runs: [run("r1", in: "7", at: "mlflow-artifacts:/0")]),
        ImportBatch(files: [.init(run: "r1", path: "a", digest: unknown, size: 1)]),
        ImportBatch(done: [.init(kind: "run", item: "r1")]),
        ImportBatch(models: [
          ImportedModel(
            name: "m", description: nil, creationTime: 1, lastUpdateTime: 1, tags: [:], aliases: ["a": 4], versions: [],
            lastVersion: 0)
        ]),
      ]
      for batch in batches {
        let error = await #expect(throws: MartletError.self) {
          try await imports(harness).add(batch, to: record.id, by: ada)
        }
        #expect(error?.code == .invalidInput || error?.code == .notFound, "\(String(describing: error))")
      }
      #expect(try await harness.platform.tracker.findExperiment(named: "delays") == nil)
    }
  }

  @Test("A member that a batch does not have is refused: what an older client sends there would be lost")
  func unknownMember() throws {
    let old = Data(#"{"points": [{"run": "r1", "key": "loss", "value": 1, "timestamp": 1, "step": 1}]}"#.utf8)
    let error = #expect(throws: MartletError.self) { try JSON.decode(snakeCase: ImportBatch.self, from: old) }
    #expect(error?.code == .invalidInput && error?.message.contains("'points'") == true, "\(String(describing: error))")
    let models = try JSON.decode(snakeCase: ImportBatch.self, from: Data(#"{"logged_models": []}"#.utf8))
    #expect(models.loggedModels.isEmpty)
  }

  @Test("Models keep numbers, stages, aliases and files, and numbering goes on", arguments: TestDatabase.kinds)
  func models(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      let blob = try await harness.platform.artifacts.put(bytes: Array("model".utf8))
      let record = try await begin(harness, ["delays"], models: ["m"])
      let version = ImportedVersion(
        version: 2, source: "runs:/r1/model", run: "r1", description: "second", user: "bob", stage: "Production",
        creationTime: 3, lastUpdateTime: 4, tags: ["a": "b"], place: .init(run: "r1", path: "model"))
      let model = ImportedModel(
        name: "m", description: "d", creationTime: 1, lastUpdateTime: 2, tags: ["k": "v"], aliases: ["champion": 2],
        versions: [version], lastVersion: 5)
      try await imports(harness).add(
        ImportBatch(
          experiments: [experiment("7", "delays")], runs: [run("r1", in: "7")],
          files: [.init(run: "r1", path: "model/MLmodel", digest: blob.digest, size: 5)], models: [model]),
        to: record.id, by: ada)
      let registry = harness.platform.registry
      let read = try await registry.version(ModelVersionID(model: "m", version: 2))
      #expect(read.stage == .production && read.aliases == ["champion"] && read.createdBy == "bob")
      #expect(read.files == [ModelFile(path: "MLmodel", digest: blob.digest, size: 5)] && read.tags == ["a": "b"])
      #expect(try await registry.model("m").lastUpdateTime == Timestamp(milliseconds: 2))
      let next = try await registry.createVersion(NewModelVersion(model: "m", source: "s3://b/m"), by: ada)
      #expect(next.id.version == 6)
      var theirs = TransferTally()
      theirs.add(model)
      let ours = try await imports(harness).tally(record.id)
      #expect(ours.lines["aliases"] == theirs.lines["aliases"])
      #expect(ours.lines["registered model tags"] == theirs.lines["registered model tags"])
    }
  }
}

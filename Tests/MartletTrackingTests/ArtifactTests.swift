import MartletArtifacts
import MartletCore
import MartletTesting
import MartletTracking
import Testing

@Suite("Artifacts of runs")
struct ArtifactTests {
  private let digest = Digest(bytes: Array(repeating: 7, count: 32))

  @Test("Files are listed folder by folder", arguments: TestDatabase.kinds)
  func listing(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(database: try await kind.open())
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    for path in ["a.txt", "model/MLmodel", "model/data/model.txt", "model-2/x", "plots/ü.png"] {
      try await tracker.putArtifact(path, of: run.id, digest: digest, size: 3)
    }
    #expect(try await tracker.listArtifacts(of: run.id).map(\.name) == ["a.txt", "model", "model-2", "plots"])
    let model = try await tracker.listArtifacts("model", of: run.id)
    #expect(model.map(\.name) == ["MLmodel", "data"])
    #expect(model.map { $0.file?.size } == [3, nil])
    #expect(try await tracker.listArtifacts("nothing", of: run.id).isEmpty)
    #expect(try await tracker.artifact("plots/ü.png", of: run.id).digest == digest)
    #expect(
      try await tracker.artifactFiles(below: "model", of: run.id).map(\.path) == ["MLmodel", "data/model.txt"])
    await #expect(throws: MartletError.self) { try await tracker.artifact("model", of: run.id) }
  }

  @Test(
    "Runs of an experiment in an allowed bucket keep artifacts there; other buckets are refused",
    arguments: TestDatabase.kinds)
  func bucket(kind: TestDatabase.Kind) async throws {
    let tracker = ExperimentTracker(
      database: try await kind.open(), artifactRoots: [try S3Location("s3://bucket/team")])
    let experiment = try await tracker.createExperiment(
      named: "direct", artifactLocation: "s3://bucket/team/a/", by: .martlet)
    let run = try await tracker.createRun(NewRun(experiment: experiment), by: .martlet)
    #expect(run.info.artifactURI == "s3://bucket/team/a/\(run.id)/artifacts")
    for location in [
      "s3://bucket/teams", "s3://bucket", "s3://bucket/team/../x", "s3a://bucket/team", "s3://other/team",
    ] {
      let error = await #expect(throws: MartletError.self) {
        try await tracker.createExperiment(named: location, artifactLocation: location, by: .martlet)
      }
      #expect(error?.code == .invalidInput)
    }
  }

  @Test("A file is no folder, and a folder no file")
  func filesAndFolders() async throws {
    let tracker = ExperimentTracker(database: try await TestDatabase.sqlite())
    let run = try await tracker.createRun(NewRun(experiment: "0"), by: .martlet)
    try await tracker.putArtifact("a/b", of: run.id, digest: digest, size: 1)
    await #expect(throws: MartletError.self) {
      try await tracker.putArtifact("a/b/c", of: run.id, digest: digest, size: 1)
    }
    await #expect(throws: MartletError.self) { try await tracker.putArtifact("a", of: run.id, digest: digest, size: 1) }
  }

  @Test(
    "Paths that could mean something else are refused",
    arguments: ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\\b", "a%2e%2e", "a\0b", "a\nb", "a/\u{7F}"])
  func wrongPaths(path: String) throws {
    #expect(throws: MartletError.self) { try ArtifactLocation.parts(of: path) }
  }
}

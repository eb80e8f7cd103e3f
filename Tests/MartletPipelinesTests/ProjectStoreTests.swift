import MartletCore
import MartletTesting
import Testing

@testable import MartletPipelines

@Suite("The project store") struct ProjectStoreTests {
  @Test(
    "A snapshot becomes a version with its files, and the same tree again is the same version",
    arguments: TestDatabase.kinds)
  func put(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      let first = try await harness.put(smallProject, files: smallFiles)
      #expect(first.number == 1)
      #expect(try await harness.put(smallProject, files: smallFiles) == first)
      let second = try await harness.put(smallProject + "\nlimits: {concurrency: 2}", files: smallFiles)
      #expect(second.number == 2)
      #expect(second.digest != first.digest)
      #expect(try await harness.projects.active("tiny") == second)
      #expect(try await harness.projects.versions("tiny").map(\.number) == [2, 1])
      let files = try await harness.projects.files(of: first)
      #expect(files.paths == ["martlet.yaml", "sql/table.sql"])
      #expect(try files.text("sql/table.sql") == smallFiles["sql/table.sql"])
      #expect(try await harness.projects.version("tiny", 1).file.steps.map(\.name) == first.file.steps.map(\.name))
      // Back to the first tree: it is active again, as the version it was.
      #expect(try await harness.put(smallProject, files: smallFiles).number == 1)
      #expect(try await harness.projects.project("tiny").activeVersion == 1)
      #expect(
        try await harness.ledger("project:tiny").sorted() == [
          "project.version.activated", "project.version.activated", "project.version.activated",
          "project.version.created", "project.version.created",
        ])
    }
  }

  @Test("A branch is stored without becoming active", arguments: TestDatabase.kinds)
  func branch(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      try await harness.put(smallProject, files: smallFiles)
      let branch = try await harness.put(smallProject + "\nlimits: {concurrency: 2}", files: smallFiles, branch: "try")
      #expect(branch.number == 2)
      #expect(try await harness.projects.active("tiny").number == 1)
    }
  }

  @Test("A broken project file stores nothing", arguments: TestDatabase.kinds)
  func broken(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      await #expect(throws: MartletError.self) { try await harness.put("martlet: 1\nproject: tiny\nsteps: 3") }
      let stored = try await harness.projects.projects()
      #expect(stored.isEmpty)
    }
  }

  @Test(
    "Paths out of the project's folder are refused",
    arguments: [
      "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a\\b", "a\u{0}b", "",
    ]) func paths(path: String)
  {
    #expect(throws: MartletError.self) { try ProjectFiles(texts: [path: "x"]) }
  }

  @Test("More than 16 MiB of code is refused, with what to do") func large() {
    let error = #expect(throws: MartletError.self) {
      try ProjectFiles(["big.bin": .init(bytes: [UInt8](repeating: 0, count: (16 << 20) + 1))])
    }
    #expect(error?.code == .payloadTooLarge)
    #expect(error?.fix != nil)
  }

  @Test("A project's time is the wall clock's until it is advanced, and never goes back", arguments: TestDatabase.kinds)
  func clock(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      try await harness.put(smallProject, files: smallFiles)
      #expect(try await harness.clock.now("tiny") == june)
      #expect(try await harness.clock.isDriven("tiny") == false)
      let january = Timestamp(year: 2013, month: 1, day: 1)
      #expect(try await harness.clock.advance("tiny", to: january) == nil)
      #expect(try await harness.clock.advance("tiny", to: january) == january)
      #expect(try await harness.clock.advance("tiny", to: january + .seconds(60)) == january)
      #expect(try await harness.clock.now("tiny") == january + .seconds(60))
      let error = await #expect(throws: MartletError.self) { try await harness.clock.advance("tiny", to: january) }
      #expect(error?.code == .conflict)
      try await harness.clock.release("tiny", by: ada)
      #expect(try await harness.clock.now("tiny") == june)
      await #expect(throws: MartletError.self) { try await harness.clock.advance("none", to: january) }
    }
  }
}

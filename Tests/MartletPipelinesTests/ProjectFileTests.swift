import Foundation
import MartletCore
import Testing

@testable import MartletPipelines

@Suite("Project files") struct ProjectFileTests {
  static func example(_ name: String) throws -> String {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "yaml", subdirectory: "Examples"))
    return try String(contentsOf: url, encoding: .utf8)
  }

  /// `martlet.yaml` of the repository's flights example, with its SQL.
  static func flightsFiles() throws -> ProjectFiles {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appending(path: "Examples/flights")
    let sql = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "sql").path).map {
      "sql/\($0)"
    }
    var texts: [String: String] = [:]
    for path in sql + ["martlet.yaml"] {
      texts[path] = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }
    return try ProjectFiles(texts: texts)
  }

  @Test("The flights example is read in full, with its SQL, and all of it is there")
  func flights() throws {
    let files = try Self.flightsFiles()
    let file = try ProjectFile.parse(try files.text("martlet.yaml"), context: ProjectFileContext(files: files))
    try file.requireSupported()
    #expect(file.project == "flight-delay")
    #expect(file.charter?.decision?.gain.falseNegative == -80)
    #expect(file.params == ["label": "arrived_late", "train_days": 120])
    #expect(file.data.map(\.name) == ["flights", "weather", "planes"])
    #expect(file.steps.map(\.name) == ["flights_asof", "training_set", "train", "evaluate", "register", "release"])
    #expect(file.endpoint("flight-delay")?.traffic == [0.1, 0.5, 1])
    #expect(file.monitor("flight-delay")?.windowMilliseconds == Int64(604_800_000))
    #expect(file.triggers == [.monitor("flight-delay", ["drift", "quality"])])
    #expect(file.limits.runsPerDay == 4)
    guard case .train(let train)? = file.step("train")?.work else { throw MartletError.notFound("train") }
    #expect(train.label == .parameter("label"))
    #expect(train.baselines == [.constant, .feature("origin_recent_delay")])
    #expect(train.prepare.map(\.operation) == ["dates", "drop", "impute", "encode"])
    let graph = try PipelineGraph(file, files: files)
    #expect(
      graph.nodes.map(\.name) == [
        "flights_asof", "training_set", "train", "evaluate", "gate.quality", "register", "release",
      ])
    #expect(graph.node("flights_asof")?.datasets == ["flights"])
    #expect(graph.node("training_set")?.datasets == ["flights", "planes", "weather"])
    #expect(graph.node("register")?.needs == ["gate.quality", "train"])
  }

  @Test("The full grammar is read without an error; what is not built yet is named when something is planned")
  func grammar() throws {
    let file = try ProjectFile.parse(try Self.example("grammar"))
    let error = #expect(throws: MartletError.self) { try file.requireSupported() }
    let text = try #require(error).description
    for expected in ["xgboost", "the executor 'ray'", "approval by people", "a trigger by webhook", "holdout"] {
      #expect(text.contains(expected), "\(expected)")
    }
  }

  @Test("A project file survives being stored as JSON")
  func stored() throws {
    let file = try ProjectFile.parse(try Self.example("grammar"))
    let text = try JSON(encoding: file).text
    #expect(try JSON.parse(text).decode(ProjectFile.self) == file)
  }

  @Test("Dataset columns keep the file's order, and quantities are kept as written")
  func datasetJSON() throws {
    let file = try ProjectFile.parse(try Self.example("grammar"))
    let json = try #require(file.dataset("flights")?.json)
    #expect(
      json["schema"]?.array?.compactMap { $0["name"]?.string } == ["flight_id", "flight_date", "carrier", "distance"])
    #expect(json["schema"]?.array?[1] == ["name": "flight_date", "type": "date"])
    #expect(json["partition"]?["late"] == "3d")
    #expect(json["expect"]?.array?.first == ["rows": ["min": 300]])
  }

  @Test("Files that are named must be in the project, and SQL files are checked inside")
  func files() throws {
    let yaml = """
      martlet: 1
      project: tiny
      data: {flights: {source: f.csv}}
      steps:
        a: {sql: sql/a.sql}
        b: {sql: sql/bbb.sql}
      """
    let files = try ProjectFiles(texts: [
      "sql/a.sql": "-- all\nselect *\nfrom ${data.flihgts}", "sql/bb.sql": "select 1",
    ])
    let error = #expect(throws: MartletError.self) {
      try ProjectFile.parse(yaml, context: ProjectFileContext(files: files))
    }
    let cause = try #require(error?.cause)
    #expect(
      cause == """
        martlet.yaml:5:6: sql/a.sql:3:6: unknown dataset 'flihgts': did you mean 'flights'?
        martlet.yaml:6:6: steps.b: the project has no file 'sql/bbb.sql': did you mean 'sql/bb.sql'?
        """)
  }

  @Test("At most 25 problems are listed, and the rest is counted")
  func manyProblems() throws {
    let keys = (1...40).map { "qqqqq\($0): 1" }.joined(separator: "\n")
    let error = #expect(throws: MartletError.self) { try ProjectFile.parse("martlet: 1\nproject: tiny\n\(keys)") }
    let cause = try #require(error?.cause)
    #expect(error?.message == "martlet.yaml has 40 errors")
    #expect(cause.split(separator: "\n").count == 26)
    #expect(cause.hasSuffix("… and 15 more"))
  }

  @Test("Text that could cost the parser its stack is refused before it is parsed", arguments: 0..<4)
  func deep(index: Int) {
    let texts = [
      String(repeating: "[", count: 100_000), String(repeating: "- ", count: 50_000),
      String(repeating: "{a: ", count: 5000),
      (0..<2000).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
    ]
    #expect(throws: MartletError.self) { try ProjectFile.parse(texts[index]) }
  }

  @Test("A file over 1 MiB is refused") func large() {
    #expect(throws: MartletError.self) { try ProjectFile.parse("a: " + String(repeating: "x", count: 1 << 20)) }
  }

  @Test("Exponential aliases inside keys are refused at once") func aliasKeys() {
    let levels = (1...30).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]" }.joined(separator: "\n")
    #expect(throws: MartletError.self) { try ProjectFile.parse("a0: &a0 x\n\(levels)\n? *a30 : 1") }
  }

  @Test("Any bytes give an error and never a crash", arguments: 0..<40) func garbage(seed: Int) {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    let alphabet = Array("{}[]:-,&*!|>'\"%@`?# \n\tabc019~\u{0}é")
    let text = String((0..<Int(next() % 400)).map { _ in alphabet[Int(next() % UInt64(alphabet.count))] })
    #expect(throws: MartletError.self) { try ProjectFile.parse("x: \(text)") }
  }
}

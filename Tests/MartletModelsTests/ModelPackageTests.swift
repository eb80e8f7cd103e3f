import Foundation
import MartletCore
import MartletModels
import Testing

@Suite("Model packages")
struct ModelPackageTests {
  static let files = [
    "signature.json", "features.json", "preparation.json", "estimator.json", "model.txt", "examples.json",
  ]
  private let created = Timestamp(year: 2013, month: 4, day: 1)

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-package-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func frame() throws -> Frame {
    try Frame([
      .init("a", .double((0..<50).map { Double($0) / 10 - 2 })), .init("b", .integer((0..<50).map { Int64($0 % 12) })),
      .init("c", .double((0..<50).map { $0 % 7 == 0 ? .nan : Double($0) })),
      .init("d", .double((0..<50).map { Double($0) })),
    ])
  }

  private func package(_ operations: [PreparationSpec.Operation] = [], estimator: Estimator? = nil) throws
    -> ModelPackage
  {
    let text = try referenceText("binary_missing_categorical.txt")
    let (preparation, _) = try FittedPreparation.fit(
      PreparationSpec(operations), frame: try frame(), columns: ["a", "b", "c", "d"],
      labels: [Double](repeating: 0, count: 50), seed: 1)
    var package = try ModelPackage(
      signature: try ModelSignature(inferredFrom: try frame(), columns: ["a", "b"]),
      features: [
        JoinedFeatures(
          view: "delays", entity: ["b"], columns: [.init("c", .double), .init("d", .double)], ttlMilliseconds: 1000)
      ], preparation: preparation, estimator: try estimator ?? .trees(TreeEnsemble(lightGBMText: text)), modelText: text
    )
    package.examples = try package.recordedExamples(from: try frame(), count: 8)
    return package
  }

  @Test("A package written and loaded predicts the same and proves itself to the bit")
  func roundTrip() throws {
    let package = try package([.init(.impute, method: "median", columns: ["a"])])
    try withFolder { folder in
      try package.write(to: folder, runID: "run1", created: created)
      let loaded = try ModelPackage.load(from: folder)
      #expect(try loaded.predict(try frame()) == package.predict(try frame()))
      #expect(loaded.examples.map(\.score) == package.examples.map(\.score) && loaded.examples.count == 8)
      #expect(loaded.signature == package.signature && loaded.features == package.features)
      try loaded.prove(tolerance: 0)
    }
  }

  @Test("Rows and frames give the same score")
  func rows() throws {
    let (package, frame) = (try package([.init(.scale, columns: ["a"])]), try frame())
    #expect(package.fields.map(\.name) == ["a", "b", "c", "d"])
    let all = try package.predict(frame)
    for row in 0..<frame.rowCount {
      let numbers = try package.fields.map { try frame.numbers($0.name)[row] }
      let texts = [String?](repeating: nil, count: numbers.count)
      let score = numbers.withUnsafeBufferPointer { numbers in
        texts.withUnsafeBufferPointer { package.score(numbers: numbers, texts: $0) }
      }
      #expect(score == all[row])
    }
  }

  @Test("A package whose predictions moved does not prove itself, nor one without examples")
  func disproved() throws {
    var package = try package()
    package.examples[3].score += 0.25
    let error = try #require(throws: MartletError.self) { try package.prove(tolerance: 1e-6) }
    #expect(error.code == .checkFailed && error.message.contains("example 4"))
    package.examples[3].score = .nan
    #expect(throws: MartletError.self) { try package.prove() }
    package.examples = []
    #expect(throws: MartletError.self) { try package.prove() }
  }

  @Test("Missing and broken files are errors that name them", arguments: files)
  func broken(name: String) throws {
    try withFolder { folder in
      try package().write(to: folder, runID: nil, created: created)
      let path = folder + "/" + name
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path))
      let broken = try #require(throws: MartletError.self) { try ModelPackage.load(from: folder) }
      #expect(broken.description.contains(name) || name == "model.txt", "\(broken)")
      try FileManager.default.removeItem(atPath: path)
      let missing = try #require(throws: MartletError.self) { try ModelPackage.load(from: folder) }
      #expect(missing.message.contains(name))
    }
  }

  @Test("MLmodel quotes what YAML would misread, and offers MLflow's LightGBM flavour only for the bare model")
  func mlmodel() throws {
    try withFolder { folder in
      try package([.init(.scale)]).write(to: folder, runID: "1234567890e10", created: created)
      let text = try String(contentsOfFile: folder + "/MLmodel", encoding: .utf8)
      #expect(text.contains(#"run_id: "1234567890e10""#))
      #expect(text.contains("utc_time_created: '2013-04-01 00:00:00.000'"))
      #expect(text.contains(#"outputs: "[{\"name\":\"prediction\",\"required\":true,\"type\":\"double\"}]""#))
      #expect(!text.contains("lightgbm.basic.Booster"))
      var bare = try package()
      bare.features = []
      try bare.write(to: folder, runID: nil, created: created)
      #expect(try String(contentsOfFile: folder + "/MLmodel", encoding: .utf8).contains("lightgbm.basic.Booster"))
      let example = try JSON.parse(try String(contentsOfFile: folder + "/input_example.json", encoding: .utf8))
      #expect(example["columns"] == ["a", "b"])
    }
  }

  @Test("An estimator that does not fit its preparation is refused")
  func mismatch() throws {
    for bad in [
      Estimator.binned(column: 4, edges: [1], rates: [0, 1], missing: 0),
      .binned(column: -1, edges: [1], rates: [0, 1], missing: 0),
      .binned(column: 0, edges: [1], rates: [1], missing: 0),
      .trees(try TreeEnsemble(lightGBMText: try referenceText("multiclass.txt"))),
    ] {
      #expect(throws: MartletError.self) { try package(estimator: bad) }
    }
  }

  @Test("Baselines are packages too")
  func baselines() throws {
    for estimator in [
      Estimator.constant(0.25), .binned(column: 2, edges: [10, 20], rates: [0.1, 0.2, 0.3], missing: 0.9),
    ] {
      try withFolder { folder in
        try package(estimator: estimator).write(to: folder, runID: nil, created: created)
        let loaded = try ModelPackage.load(from: folder)
        try loaded.prove(tolerance: 0)
        let scores = try loaded.predict(try frame())
        if case .constant = estimator {
          #expect(Set(scores) == [0.25])
        } else {
          #expect(scores[0] == 0.9 && scores[1] == 0.1 && scores[10] == 0.2 && scores[20] == 0.3)
        }
      }
    }
  }
}

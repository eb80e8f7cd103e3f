import Foundation
import MartletCore
import MartletEngines
import MartletTesting
import Testing

@Suite("LightGBM")
struct LightGBMTests {
  let lightGBM: LightGBM

  init() throws { lightGBM = try LightGBM.load(engines: TestEngines.folder()) }

  static let parameters = [
    "objective": "binary", "metric": "auc,binary_logloss", "seed": "7", "learning_rate": "0.1", "num_leaves": "15",
    "bagging_fraction": "0.8", "bagging_freq": "1", "feature_fraction": "0.8",
  ]

  /// Rows whose label depends on the first two features and on a category, with noise; every 17th value is missing.
  static func data(rows: Int, offset: Int = 0) -> LightGBMData {
    var (values, labels): ([Double], [Float]) = ([], [])
    for row in offset..<offset + rows {
      let noise = { (salt: Int) -> Double in Double((row &* 7919 &+ salt &* 104_729) % 10007) / 10007 }
      let (a, b, category, other) = (noise(1), noise(2), Double((row * 31) % 5), noise(3))
      let score = 3 * a - 2 * b + (category == 2 ? 1.5 : 0) + noise(4) - 1
      values += [row % 17 == 0 ? .nan : a, b, category, other]
      labels.append(score > 0.7 ? 1 : 0)
    }
    return LightGBMData(
      values: values, rows: rows, columns: 4, labels: labels, featureNames: ["a", "b", "category", "other"],
      categorical: [2])
  }

  private func train(
    _ parameters: [String: String] = Self.parameters, rounds: Int = 40, earlyStopping: EarlyStopping? = nil,
    onRound: (LightGBMRound) throws -> Void = { _ in }
  ) throws -> LightGBMModel {
    try lightGBM.train(
      parameters: parameters, training: Self.data(rows: 4000), validation: Self.data(rows: 1000, offset: 4000),
      rounds: rounds, earlyStopping: earlyStopping, onRound: onRound)
  }

  @Test("It learns: the validation metric rises above chance and each round is told")
  func learns() throws {
    var told = 0
    let model = try train(onRound: { _ in told += 1 })
    #expect(model.bestRound == 40 && model.history.count == 40 && told == 40)
    #expect(
      model.history.last.map { ($0.validation["auc"] ?? 0) > 0.9 } == true, "\(String(describing: model.history.last))")
    #expect(model.history.allSatisfy { $0.training.keys.sorted() == ["auc", "binary_logloss"] })
    #expect((model.importance["a"] ?? 0) > (model.importance["other"] ?? 0))
    #expect(model.text.contains("feature_names=a b category other"))
  }

  @Test("The same seed gives the same text twice, another seed another text", arguments: ["1", "2"])
  func deterministic(threads: String) throws {
    var parameters = Self.parameters
    parameters["num_threads"] = threads
    let first = try train(parameters)
    #expect(try train(parameters).text == first.text)
    parameters["seed"] = "8"
    #expect(try train(parameters).text != first.text)
  }

  @Test("Early stopping ends with the best round of the named metric")
  func earlyStopping() throws {
    var parameters = Self.parameters
    parameters["learning_rate"] = "0.5"
    for (metric, larger) in [("auc", true), ("binary_logloss", false)] {
      let model = try train(parameters, rounds: 400, earlyStopping: EarlyStopping(metric: metric, patience: 10))
      let values = model.history.map { $0.validation[metric] ?? .nan }
      #expect(model.history.count == model.bestRound + 10)
      #expect(values[model.bestRound - 1] == (larger ? values.max() : values.min()))
      #expect(model.text.components(separatedBy: "\nTree=").count - 1 == model.bestRound)
    }
  }

  @Test("A saved model predicts: raw scores, probabilities of them, and contributions that add up")
  func predicts() throws {
    let model = try train()
    let booster = try lightGBM.booster(model.text)
    let data = Self.data(rows: 200, offset: 9000)
    let raw = try booster.predict(data.values, rows: 200, columns: 4, output: .raw)
    let transformed = try booster.predict(data.values, rows: 200, columns: 4)
    let contributions = try booster.predict(data.values, rows: 200, columns: 4, output: .contributions)
    for row in 0..<200 {
      #expect(abs(transformed[row] - 1 / (1 + exp(-raw[row]))) < 1e-12)
      #expect(abs(contributions[row * 5..<row * 5 + 5].reduce(0, +) - raw[row]) < 1e-9)
    }
    #expect(throws: MartletError.self) { try booster.predict([1, 2], rows: 1, columns: 2) }
  }

  @Test("A thrown error in a round ends the training")
  func cancel() throws {
    var rounds = 0
    let error = try #require(throws: MartletError.self) {
      _ = try train(onRound: { _ in
        rounds += 1
        if rounds == 3 { throw MartletError(.cancelled, "enough") }
      })
    }
    #expect(error.code == .cancelled && rounds == 3)
  }

  @Test(
    "Unknown and impossible parameters are named",
    arguments: [
      ("num_leafs", "15", "did you mean 'num_leaves'"), ("objective", "binery", "binery"),
      ("learning_rate", "fast", "fast"),
      ("learning_rate", "-1", "learning_rate"), ("num_leaves", "1 2", "num_leaves"),
      ("deterministic", "false", "always true"),
      ("n_estimators", "5 6", "n_estimators"),
    ])
  func wrongParameters(name: String, value: String, word: String) throws {
    var parameters = Self.parameters
    parameters[name] = value
    let error = try #require(throws: MartletError.self) { _ = try train(parameters) }
    #expect(error.code == .invalidInput && error.message.contains(word), "\(error)")
  }

  @Test("Early stopping on a metric that is not computed says which are")
  func unknownMetric() throws {
    let error = try #require(throws: MartletError.self) {
      _ = try train(earlyStopping: EarlyStopping(metric: "pr_auc", patience: 5))
    }
    #expect(error.fix?.contains("auc, binary_logloss") == true, "\(error)")
  }

  @Test("Data without rows, with one label only, with labels beyond 0 and 1 or with odd names is refused")
  func wrongData() throws {
    var (same, odd, names, missing) = (
      Self.data(rows: 100), Self.data(rows: 100), Self.data(rows: 100), Self.data(rows: 100)
    )
    same.labels = same.labels.map { _ in 1 }
    odd.labels[3] = 2
    names.featureNames[0] = "a b"
    missing.labels[0] = .nan
    let empty = LightGBMData(values: [], rows: 0, columns: 4, labels: [], featureNames: names.featureNames)
    for (data, word) in [
      (same, "same label"), (odd, "0 and 1"), (names, "'a b'"), (missing, "without a label"), (empty, "empty"),
    ] {
      let error = try #require(throws: MartletError.self) {
        _ = try lightGBM.train(parameters: Self.parameters, training: data, rounds: 5)
      }
      #expect(error.message.contains(word), "\(error)")
    }
  }

  @Test(
    "What is no model is refused, without harm to the process",
    arguments: ["", "garbage", "tree\nversion=v4\nnum_class=1\n"])
  func noModel(text: String) throws {
    #expect(throws: MartletError.self) { try lightGBM.booster(text) }
  }
}

@Suite("The report on engines")
struct EngineReportTests {
  @Test("Installed engines are ready, with path and version")
  func ready() throws {
    let report = EngineReport.read(try TestEngines.folder())
    #expect(report.isReady, "\(report)")
    #expect(report.engines.map(\.version) == ["2.0.0", "4.7.0"])
    #expect(report.engines.allSatisfy { $0.path.map(FileManager.default.fileExists) == true })
  }

  @Test("Missing engines come with what to do")
  func missing() {
    let report = EngineReport.read(EngineFolder("/nonexistent"))
    #expect(!report.isReady && report.engines.count == 2)
    #expect(report.engines.allSatisfy { $0.fix?.contains("martlet engines install") == true && $0.problem != nil })
  }
}

import Foundation
import MartletCore
import MartletModels
import Testing

/// A committed file beside the tests.
func referenceText(_ name: String) throws -> String {
  guard let url = Bundle.module.url(forResource: "Reference/\(name)", withExtension: nil) else {
    throw MartletError.notFound("no reference file \(name)")
  }
  return try String(contentsOf: url, encoding: .utf8)
}

extension JSON {
  /// Numbers in which null is NaN and infinities are written as text.
  var numbers: [Double] {
    (array ?? []).map { $0.double ?? ($0 == "Infinity" ? .infinity : $0 == "-Infinity" ? -.infinity : .nan) }
  }
}

@Suite("LightGBM text models")
struct TreeEnsembleTests {
  static let models = [
    "binary_missing_categorical", "binary_zero_as_missing", "binary_no_missing", "regression_sqrt",
    "regression_forest", "poisson", "multiclass", "multiclassova", "cross_entropy_lambda", "lambdarank", "one_leaf",
  ]

  @Test("Raw scores equal LightGBM's to the bit and predictions to the last digits", arguments: models)
  func predictions(name: String) throws {
    let expected = try JSON.parse(try referenceText("\(name).json"))
    let ensemble = try TreeEnsemble(lightGBMText: try referenceText("\(name).txt"))
    let rows = (expected["rows"]?.array ?? []).map(\.numbers)
    let matrix = try Matrix(rows: rows.count, columns: 4, values: rows.flatMap(\.self))
    #expect(try ensemble.rawScores(matrix) == expected["raw"]?.numbers)
    let predictions = try ensemble.predict(matrix)
    let wanted = expected["prediction"]?.numbers ?? []
    #expect(predictions.count == wanted.count && wanted.count == rows.count * ensemble.outputCount)
    #expect(zip(predictions, wanted).allSatisfy { abs($0 - $1) <= 1e-14 * max(1, abs($1)) })
  }

  @Test("Feature importance equals LightGBM's", arguments: models)
  func importance(name: String) throws {
    let expected = try JSON.parse(try referenceText("\(name).json"))
    let ensemble = try TreeEnsemble(lightGBMText: try referenceText("\(name).txt"))
    for (index, feature) in ensemble.featureNames.enumerated() {
      #expect(ensemble.splits[index] == Int(expected["split"]?[feature]?.integer ?? -1))
      let gain = expected["gain"]?[feature]?.double ?? .nan
      #expect(abs(ensemble.gains[index] - gain) <= 1e-4 * max(1, gain))
    }
  }

  @Test("Linear trees are refused with the parameter to change")
  func linear() throws {
    let text = try referenceText("linear_tree.txt")
    let error = try #require(throws: MartletError.self) { try TreeEnsemble(lightGBMText: text) }
    #expect(error.message.contains("linear_tree") && error.fix?.contains("linear_tree=false") == true)
  }

  @Test("A file that is not a model, or is cut off anywhere, is an error and never a crash")
  func broken() throws {
    let text = try referenceText("binary_missing_categorical.txt")
    for bad in ["", "hello", "tree\n", "tree\nend of trees\n", "PK\u{3}\u{4}"] {
      #expect(throws: MartletError.self) { try TreeEnsemble(lightGBMText: bad) }
    }
    for number in [Int.max, Int.min] {
      let header = text.replacing(/max_feature_idx=[0-9]+/, with: "max_feature_idx=\(number)")
      #expect(throws: MartletError.self) { try TreeEnsemble(lightGBMText: header) }
    }
    let end = try #require(text.range(of: "end of trees"))
    let model = text[..<end.lowerBound]
    for length in stride(from: 0, to: model.count, by: 97) {
      #expect(throws: MartletError.self) { try TreeEnsemble(lightGBMText: String(model.prefix(length))) }
    }
  }

  @Test("A model with any number changed is refused or still evaluates: no index leads out of its arrays")
  func fuzzed() throws {
    let text = try referenceText("binary_missing_categorical.txt")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var generator = SeededNumbers(state: 12)
    let row = try Matrix(rows: 1, columns: 4, values: [0.3, 5, .nan, 64])
    for _ in 0..<400 {
      var changed = lines
      let line = generator.next(below: 40)
      var words = changed[line].split(separator: " ", omittingEmptySubsequences: false)
      let word = generator.next(below: words.count)
      let replacements = ["-1", "99999999", "1e300", "nan", "-7", "x", "", "3.5", "4294967296"]
      let value = replacements[generator.next(below: replacements.count)]
      words[word] = word == 0 ? Substring(words[0].prefix { $0 != "=" } + "=" + value) : Substring(value)
      changed[line] = Substring(words.joined(separator: " "))
      if let ensemble = try? TreeEnsemble(lightGBMText: changed.joined(separator: "\n")), ensemble.featureCount == 4 {
        #expect(try ensemble.predict(row).count == ensemble.outputCount)
      }
    }
  }

  @Test("A matrix of the wrong width is refused")
  func width() throws {
    let ensemble = try TreeEnsemble(lightGBMText: try referenceText("poisson.txt"))
    #expect(throws: MartletError.self) { try ensemble.predict(try Matrix(rows: 1, columns: 3, values: [1, 2, 3])) }
  }
}

/// A small generator for tests that need no particular quality.
struct SeededNumbers {
  var state: UInt64
  mutating func next(below count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(count))
  }
}

import Foundation
package import MartletCore

extension ModelPackage {
  /// Names of the files of a package, all in one folder.
  private enum FileName {
    static let model = "MLmodel"
    static let signature = "signature.json"
    static let features = "features.json"
    static let preparation = "preparation.json"
    static let estimator = "estimator.json"
    static let trees = "model.txt"
    static let examples = "examples.json"
    static let inputExample = "input_example.json"
  }

  /// Writes the package as an MLflow model folder. The folder must exist.
  ///
  /// - Parameter created: what `MLmodel` gives as its time of creation.
  package func write(to folder: String, runID: RunID?, created: Timestamp) throws {
    func write(_ text: String, _ name: String) throws {
      do {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name), options: .atomic)
      } catch {
        throw MartletError(.unavailable, "the model package could not be written", cause: String(describing: error))
      }
    }
    try write(try JSON(encoding: signature).text, FileName.signature)
    try write(try JSON(encoding: features).text, FileName.features)
    try write(try JSON(encoding: preparation).text, FileName.preparation)
    try write(try JSON(encoding: EstimatorRecord(estimator)).text, FileName.estimator)
    try write(try JSON(encoding: examples).text, FileName.examples)
    if let modelText { try write(modelText, FileName.trees) }
    if let first = examples.first { try write(inputExample(first).text, FileName.inputExample) }
    try write(mlmodel(runID: runID, created: created), FileName.model)
  }

  /// Reads a package from its folder; a file that is missing or broken is named. Blocks.
  package static func load(from folder: String) throws -> ModelPackage {
    func text(_ name: String) throws -> String {
      guard let data = FileManager.default.contents(atPath: folder + "/" + name) else {
        throw MartletError.invalidInput("the model package has no file '\(name)'", fix: "register the model again")
      }
      guard let text = String(validating: data, as: UTF8.self) else {
        throw MartletError.invalidInput("the file '\(name)' of the model package is not text")
      }
      return text
    }
    func json<Value: Decodable>(_ name: String) throws -> Value {
      do {
        return try JSON.parse(try text(name)).decode()
      } catch let error as MartletError where error.code == .invalidInput && error.fix == nil {
        throw MartletError(
          .invalidInput, "the file '\(name)' of the model package is broken", cause: error.message,
          fix: "register the model again")
      }
    }
    let record: EstimatorRecord = try json(FileName.estimator)
    let modelText = record.kind == "lightgbm" ? try text(FileName.trees) : nil
    return try ModelPackage(
      signature: try json(FileName.signature), features: try json(FileName.features),
      preparation: try json(FileName.preparation),
      estimator: try record.estimator { try TreeEnsemble(lightGBMText: modelText ?? "") },
      examples: try json(FileName.examples), modelText: modelText)
  }

  /// What a caller would send for an example: its request columns, as MLflow writes input examples (pandas' "split").
  private func inputExample(_ example: Example) -> JSON {
    let names = signature.inputs.map(\.name)
    return [
      "columns": .array(names.map(JSON.string)), "data": .array([.array(names.map { example.row[$0] ?? .null })]),
    ]
  }

  /// The `MLmodel` file: YAML, of which JSON strings are a part.
  private func mlmodel(runID: RunID?, created: Timestamp) -> String {
    func quoted(_ json: JSON) -> String { JSON.string(json.text).text }
    let time = created.description.replacing("T", with: " ").dropLast()
    var lines = [
      "artifact_path: model",
      "flavors:",
      "  martlet:",
      "    preparation: \(FileName.preparation)",
      "    estimator: \(FileName.estimator)",
      "    features: \(FileName.features)",
    ]
    if modelText != nil, preparation.operations.isEmpty, features.isEmpty {
      lines += ["  lightgbm:", "    data: \(FileName.trees)", "    model_class: lightgbm.basic.Booster"]
    }
    lines += [
      "signature:", "  inputs: \(quoted(ModelSignature.mlflowJSON(signature.inputs)))",
      "  outputs: \(quoted(ModelSignature.mlflowJSON(signature.outputs)))", "utc_time_created: '\(time)'",
    ]
    if !examples.isEmpty {
      lines += [
        "saved_input_example_info:", "  artifact_path: \(FileName.inputExample)", "  pandas_orient: split",
        "  type: dataframe",
      ]
    }
    // Quoted: run ids of digits only would be read as numbers.
    if let runID { lines.append("run_id: \(JSON.string(runID.text).text)") }
    return lines.joined(separator: "\n") + "\n"
  }
}

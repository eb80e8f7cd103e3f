import MartletCore

/// LightGBM through its C interface. Training blocks and uses threads of its own: it belongs in a job.
package struct LightGBM: Sendable {
  private let library: LightGBMLibrary

  /// Loads the library: the one that `MARTLET_LIGHTGBM` names, or the installed one.
  package static func load(engines: EngineFolder = .standard) throws -> LightGBM {
    LightGBM(library: try LightGBMLibrary.load(engines))
  }

  private init(library: LightGBMLibrary) { self.library = library }

  /// Trains a model. The same data, parameters (with their `seed`) and `num_threads` give the same text.
  ///
  /// - Parameters:
  ///   - parameters: LightGBM's names or aliases; at least `objective`, best also `metric` and `seed`. Without
  ///     `num_threads` one thread is used. `deterministic` and `force_row_wise` are always on.
  ///   - earlyStopping: needs `validation`; the model then ends with its best round.
  ///   - onRound: called after each round; what it throws ends the training.
  package func train(
    parameters: [String: String], training: LightGBMData, validation: LightGBMData? = nil, rounds: Int,
    earlyStopping: EarlyStopping? = nil, onRound: (LightGBMRound) throws -> Void = { _ in }
  ) throws -> LightGBMModel {
    library.silence()
    let parameters = try LightGBMParameters(
      parameters, knownAliases: try knownAliases(), categorical: training.categorical)
    try check(training, validation, rounds: rounds, earlyStopping: earlyStopping, objective: parameters["objective"])
    return try LightGBMTraining(training, validation, parameters: parameters.text, library: library)
      .run(rounds: rounds, earlyStopping: earlyStopping, onRound: onRound)
  }

  /// A trained model, ready to predict.
  package func booster(_ text: String) throws -> LightGBMBooster { try LightGBMBooster(text, library: library) }

  private func knownAliases() throws -> JSON {
    try JSON.parse(try library.text(doing: "listing parameters") { library.dumpAliases($0, $1, $2) })
  }

  private func check(
    _ training: LightGBMData, _ validation: LightGBMData?, rounds: Int, earlyStopping: EarlyStopping?,
    objective: String?
  ) throws {
    guard rounds > 0 else { throw MartletError.invalidInput("training needs at least one round, not \(rounds)") }
    try training.check("the training data")
    if let validation {
      try validation.check("the validation data")
      guard validation.featureNames == training.featureNames else {
        throw MartletError(.internalError, "the validation data has other features than the training data")
      }
    } else if earlyStopping != nil {
      throw MartletError.invalidInput("early stopping needs validation data")
    }
    guard Set(training.labels).count > 1 else {
      throw MartletError.invalidInput(
        "all \(training.rows) training rows have the same label: there is nothing to learn",
        fix: "check how the label is made, or train on a longer period")
    }
    if objective == "binary", let odd = training.labels.first(where: { $0 != 0 && $0 != 1 }) {
      throw MartletError.invalidInput(
        "the objective 'binary' needs the labels 0 and 1, there is \(odd)",
        fix: "choose another objective, or make the label 0 or 1")
    }
  }
}

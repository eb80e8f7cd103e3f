import MartletCore

/// One training under way.
final class LightGBMTraining {
  private let library: LightGBMLibrary
  private let training: LightGBMDataset
  private let validation: LightGBMDataset?
  private let featureNames: [String]
  private var booster: UnsafeMutableRawPointer?
  private var metrics: [String] = []

  init(_ data: LightGBMData, _ validationData: LightGBMData?, parameters: String, library: LightGBMLibrary) throws {
    self.library = library
    featureNames = data.featureNames
    training = try LightGBMDataset(data, parameters: parameters, library: library)
    validation = try validationData.map { [training] in
      try LightGBMDataset($0, parameters: parameters, reference: training, library: library)
    }
    try library.check(library.createBooster(training.handle, parameters, &booster), doing: "setting up the training")
    if let validation {
      try library.check(library.addValidation(booster, validation.handle), doing: "adding the validation data")
    }
    metrics = try metricNames()
  }

  deinit { _ = library.freeBooster(booster) }

  func run(rounds: Int, earlyStopping: EarlyStopping?, onRound: (LightGBMRound) throws -> Void) throws -> LightGBMModel
  {
    if let earlyStopping { try check(earlyStopping) }
    var history: [LightGBMRound] = []
    var best: (round: Int, value: Double)?
    for round in 1...rounds {
      var isFinished: Int32 = 0
      try library.check(library.update(booster, &isFinished), doing: "training round \(round)")
      if isFinished != 0, round > 1 { break }
      let state = LightGBMRound(
        round: round, training: try evaluate(0), validation: validation == nil ? [:] : try evaluate(1))
      history.append(state)
      try onRound(state)
      if isFinished != 0 { break }
      guard let earlyStopping, let value = state.validation[earlyStopping.metric] else { continue }
      let larger = EarlyStopping.isBetterWhenLarger(earlyStopping.metric)
      if best.map({ larger ? value > $0.value : value < $0.value }) ?? !value.isNaN { best = (round, value) }
      if round - (best?.round ?? 0) >= earlyStopping.patience { break }
    }
    return try model(rounds: best?.round ?? history.count, history: history)
  }

  private func model(rounds: Int, history: [LightGBMRound]) throws -> LightGBMModel {
    let text = try library.text(doing: "writing the model") {
      library.saveText(booster, 0, Int32(rounds), 1, $0, $1, $2)
    }
    var gains = [Double](repeating: 0, count: featureNames.count)
    try library.check(library.importance(booster, Int32(rounds), 1, &gains), doing: "weighing the features")
    let importance = Dictionary(zip(featureNames, gains), uniquingKeysWith: { $0 + $1 })
    return LightGBMModel(text: text, bestRound: rounds, history: history, importance: importance)
  }

  private func check(_ earlyStopping: EarlyStopping) throws {
    guard metrics.contains(earlyStopping.metric) else {
      throw MartletError.invalidInput(
        "early stopping watches '\(earlyStopping.metric)', which LightGBM does not compute here\(didYouMean(earlyStopping.metric, among: metrics))",
        fix:
          "name it in the parameter 'metric'; computed are: \(metrics.isEmpty ? "none" : metrics.joined(separator: ", "))"
      )
    }
    guard earlyStopping.patience > 0 else {
      throw MartletError.invalidInput(
        "early stopping needs a patience of at least 1 round, not \(earlyStopping.patience)")
    }
  }

  private func metricNames() throws -> [String] {
    var count: Int32 = 0
    try library.check(library.evalCounts(booster, &count), doing: "counting the metrics")
    guard count > 0 else { return [] }
    let room = 256
    let buffers = (0..<Int(count)).map { _ in UnsafeMutablePointer<CChar>.allocate(capacity: room) }
    defer { for buffer in buffers { buffer.deallocate() } }
    var pointers = buffers.map { UnsafeMutablePointer<CChar>?.some($0) }
    var (found, needed) = (Int32(0), 0)
    try library.check(
      library.evalNames(booster, count, &found, room, &needed, &pointers), doing: "naming the metrics")
    return buffers.prefix(Int(found)).map { String(cString: $0) }
  }

  private func evaluate(_ index: Int32) throws -> [String: Double] {
    guard !metrics.isEmpty else { return [:] }
    var values = [Double](repeating: .nan, count: metrics.count)
    var count: Int32 = 0
    try library.check(library.eval(booster, index, &count, &values), doing: "evaluating")
    return Dictionary(zip(metrics, values.prefix(Int(count))), uniquingKeysWith: { first, _ in first })
  }
}

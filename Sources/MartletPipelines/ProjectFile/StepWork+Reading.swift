import MartletCore

extension JoinStep {
  /// `split` stands beside `join`, in the step itself.
  static func read(_ reader: MappingReader, step: MappingReader) -> JoinStep? {
    let table = reader.output("table")
    let at = reader.text("at", required: true)
    let features = reader.texts("features")
    if features.isEmpty { reader.require("features") }
    reader.finish()
    let split = step.child("split").flatMap(SplitSection.read)
    guard let table, let at else { return nil }
    return JoinStep(table: table, at: at, features: features, split: split)
  }
}

extension SplitSection {
  static func read(_ reader: MappingReader) -> SplitSection? {
    let by = reader.choice("by", Order.self)
    if by == nil { reader.require("by") }
    let column = reader.text("column")
    if by == .time, column == nil { reader.require("column") }
    let (train, test) = (reader.share("train"), reader.share("test"))
    if train == nil { reader.require("train") }
    let seed = reader.integer("seed", in: 0...Int64.max).map(UInt64.init)
    reader.finish()
    guard let by, let train else { return nil }
    let rest = test ?? 1 - train
    if abs(train + rest - 1) > 1e-9 {
      reader.problems.add(reader.position, "\(reader.path): train and test must add up to 100%")
    }
    return SplitSection(by: by, column: column, train: train, test: rest, seed: seed)
  }
}

extension TrainStep {
  static func read(_ reader: MappingReader) -> TrainStep? {
    let table = reader.output("table")
    let label = reader.text("label", required: true).map(TextArgument.init)
    let ignore = reader.texts("ignore")
    let prepare = reader.list("prepare").enumerated().compactMap { index, node in
      MappingReader(node, path: "\(reader.path).prepare[\(index + 1)]", problems: reader.problems)
        .flatMap(PreparationSection.read)
    }
    let engines = readEngines(reader)
    let baselines = reader.list("baselines").compactMap { BaselineSection.read($0, reader) }
    let tune = reader.child("tune").flatMap(TuneSection.read)
    let parameters = reader.node("parameters").map { reader.problems.json($0, reader.path(of: "parameters")) }
    tune?.check(fixed: parameters?.object ?? [:], reader)
    reader.notYet("folds", "cross-validation (\(reader.path(of: "folds")))")
    reader.finish()
    guard let table, let label else { return nil }
    return TrainStep(
      table: table, label: label, ignore: ignore, prepare: prepare, engines: engines, baselines: baselines, tune: tune,
      parameters: parameters?.object ?? [:])
  }

  private static func readEngines(_ reader: MappingReader) -> [String] {
    let known = ["lightgbm", "xgboost"]
    var engines: [String] = []
    for node in reader.list("engines") {
      guard let engine = reader.problems.text(node, reader.path(of: "engines")) else { continue }
      if !known.contains(engine) {
        reader.problems.add(
          node.position,
          "unknown engine '\(engine.prefix(64))'\(didYouMean(engine, among: known)); they are \(known.joined(separator: ", "))"
        )
      } else if engine != "lightgbm" {
        reader.problems.addNotYet(node.position, "training with \(engine)")
      }
      engines.append(engine)
    }
    return engines.isEmpty ? ["lightgbm"] : engines
  }
}

extension PreparationSection {
  /// Operations that need a method: `impute: median`.
  private static let methods: [String: [String]] = [
    "impute": ["median", "mean"], "clip": ["iqr"], "scale": ["standard"],
    "encode": ["target", "one-hot", "ordinal", "frequency"],
  ]
  /// Operations that need only columns: `dates: {columns: [scheduled_at]}`.
  private static let plain = ["bin", "dates", "drop", "indicator", "log"]

  static func read(_ reader: MappingReader) -> PreparationSection? {
    let operations = (methods.keys + plain).sorted()
    let written = operations.filter(reader.has)
    if written.isEmpty { for operation in operations { _ = reader.node(operation) } }
    guard let operation = written.first, written.count == 1 else {
      reader.finish()
      reader.problems.add(reader.position, "\(reader.path) needs exactly one of \(operations.joined(separator: ", "))")
      return nil
    }
    let section = plain.contains(operation) ? readPlain(operation, reader) : readMethod(operation, reader)
    reader.finish()
    return section
  }

  private static func readPlain(_ operation: String, _ reader: MappingReader) -> PreparationSection? {
    guard let child = reader.child(operation) else { return nil }
    let columns = child.texts("columns")
    if columns.isEmpty { child.require("columns") }
    child.finish()
    return PreparationSection(operation: operation, method: nil, columns: columns)
  }

  private static func readMethod(_ operation: String, _ reader: MappingReader) -> PreparationSection? {
    let columns = reader.texts("columns")
    guard let method = reader.text(operation) else { return nil }
    let known = methods[operation] ?? []
    let isConstant = operation == "impute" && PlainScalar.number(method) != nil
    if !known.contains(method), !isConstant {
      let list = known.joined(separator: ", ") + (operation == "impute" ? " or a number" : "")
      reader.problems.add(
        reader.position(of: operation),
        "\(reader.path).\(operation) cannot be '\(method.prefix(64))'\(didYouMean(method, among: known)); it is \(list)"
      )
    }
    return PreparationSection(operation: operation, method: method, columns: columns.isEmpty ? nil : columns)
  }
}

extension BaselineSection {
  static func read(_ node: YAMLNode, _ train: MappingReader) -> BaselineSection? {
    if case .scalar("constant", _) = node.content { return .constant }
    if case .mapping = node.content,
      let reader = MappingReader(node, path: train.path(of: "baselines"), problems: train.problems)
    {
      let column = reader.text("feature", required: true)
      reader.finish()
      return column.map(BaselineSection.feature)
    }
    train.problems.add(
      node.position, "a baseline is 'constant' or {feature: COLUMN}, not \(train.problems.shown(node))")
    return nil
  }
}

extension EvaluateStep {
  enum Intervals: String, CaseIterable { case bootstrap, none }

  static func read(_ reader: MappingReader) -> EvaluateStep? {
    let (model, table) = (reader.output("model"), reader.output("table"))
    let slices = reader.texts("slices")
    let intervals = reader.choice("intervals", Intervals.self)
    reader.notYet("explain", "explanations (\(reader.path(of: "explain")))")
    reader.finish()
    guard let model, let table else { return nil }
    return EvaluateStep(model: model, table: table, slices: slices, bootstrap: intervals == .bootstrap)
  }
}

extension RegisterStep {
  static func read(_ reader: MappingReader) -> RegisterStep? {
    let (model, name) = (reader.output("model"), reader.name("name", required: true))
    reader.finish()
    guard let model, let name else { return nil }
    return RegisterStep(model: model, name: ModelName(name))
  }
}

extension DeployStep {
  static func read(_ reader: MappingReader) -> DeployStep? {
    let (version, endpoint) = (reader.output("version"), reader.name("endpoint", required: true))
    reader.finish()
    guard let version, let endpoint else { return nil }
    return DeployStep(version: version, endpoint: EndpointName(endpoint))
  }
}

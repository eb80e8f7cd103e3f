package import MartletCore

/// A search over the engine's parameters.
package struct TuneSection: Sendable, Hashable, Codable {
  /// `tpe`, `random` or `grid`.
  package var sampler: String
  package var trials: Int
  package var batch: Int
  package var metric: String
  package var seed: UInt64
  package var timeMilliseconds: Int64?
  /// What is varied, in the file's order; nil: what the engine's own search varies.
  package var space: [SpaceSection]?
}

/// One parameter of a search, with the values it may have.
package struct SpaceSection: Sendable, Hashable, Codable {
  package var name: String
  /// `[15, 31, 63]`: exactly these; nil where a range is given.
  package var values: [JSON]?
  /// `{from: 0.01, to: 0.3, log: true}`: both ends belong to it.
  package var range: Range?

  package struct Range: Sendable, Hashable, Codable {
    package var from: Double
    package var to: Double
    package var isLog: Bool
    /// Whole numbers only: neither end was written with a decimal point.
    package var isWhole: Bool
  }
}

extension TuneSection {
  static let samplers = ["tpe", "random", "grid"]

  static func read(_ reader: MappingReader) -> TuneSection? {
    let sampler = reader.text("sampler") ?? "tpe"
    if !samplers.contains(sampler) {
      reader.problems.add(
        reader.position(of: "sampler"),
        "\(reader.path).sampler cannot be '\(sampler.prefix(64))'\(didYouMean(sampler, among: samplers)); it is one of \(samplers.joined(separator: ", "))"
      )
    }
    let space = reader.child("space").map(SpaceSection.readAll)
    let grid = sampler == "grid" ? checkGrid(space, reader) : nil
    // A grid of listed values knows itself how many trials it takes.
    let trials = reader.integer("trials", in: 1...10_000, required: grid?.isExact != true)
    if let grid, let trials, trials < grid.smallest { grid.objection(trials, reader) }
    let tune = TuneSection(
      sampler: sampler, trials: Int(trials ?? Int64(grid?.smallest ?? 1)),
      batch: Int(reader.integer("batch", in: 1...256) ?? 1), metric: reader.text("metric", required: true) ?? "",
      seed: UInt64(reader.integer("seed", in: 0...Int64.max) ?? 1), timeMilliseconds: reader.duration("time"),
      space: space)
    reader.notYet("stop", "stopping trials early (\(reader.path(of: "stop")))")
    reader.finish()
    return trials == nil && grid?.isExact != true ? nil : tune
  }

  /// A parameter is either fixed or searched.
  func check(fixed: [String: JSON], _ train: MappingReader) {
    for section in space ?? [] where fixed[section.name] != nil {
      train.problems.add(
        train.position(of: "parameters"),
        "\(train.path).parameters fixes '\(section.name)', which \(train.path).tune.space varies: leave one of them out"
      )
    }
  }

  /// How many combinations a grid has at least.
  private struct Grid {
    var smallest: Int
    /// Only lists: the grid has this size and no other.
    var isExact: Bool

    func objection(_ trials: Int64, _ reader: MappingReader) {
      reader.problems.add(
        reader.position(of: "trials"),
        "\(reader.path).trials is \(trials), and the grid has \(isExact ? "" : "at least ")\(smallest) combinations: \(isExact ? "raise it or leave it out" : "raise it"), or vary less"
      )
    }
  }

  private static func checkGrid(_ space: [SpaceSection]?, _ reader: MappingReader) -> Grid? {
    guard let space, !space.isEmpty else {
      if !reader.has("space") {
        reader.problems.add(
          reader.position(of: "sampler"),
          "\(reader.path).sampler grid needs a space, such as {num_leaves: [15, 31, 63]}")
      }
      return nil
    }
    let size = space.reduce(1) { min($0 * ($1.values?.count ?? 2), 1 << 30) }
    if size > 10_000 {
      reader.problems.add(
        reader.position(of: "space"), "\(reader.path).space has more than 10,000 combinations: vary less")
    }
    return Grid(smallest: size, isExact: space.allSatisfy { $0.values != nil })
  }
}

extension SpaceSection {
  /// Parameters of LightGBM that a search may vary.
  static let tunable = [
    "bagging_fraction", "cat_l2", "cat_smooth", "extra_trees", "feature_fraction", "feature_fraction_bynode",
    "is_unbalance", "lambda_l1", "lambda_l2", "learning_rate", "max_bin", "max_delta_step", "max_depth",
    "min_data_in_bin", "min_data_in_leaf", "min_gain_to_split", "min_sum_hessian_in_leaf", "num_leaves", "path_smooth",
    "scale_pos_weight",
  ]

  static func readAll(_ reader: MappingReader) -> [SpaceSection] {
    if reader.entries.isEmpty {
      reader.problems.add(reader.position, "\(reader.path) is empty; write it as {num_leaves: [15, 31, 63]}")
    }
    return reader.entries.compactMap { entry in
      if !tunable.contains(entry.key) {
        let hint = didYouMean(entry.key, among: tunable)
        reader.problems.add(
          entry.keyPosition,
          "\(reader.path): '\(entry.key.prefix(64))' is no parameter that can be varied\(hint.isEmpty ? "; they are \(tunable.joined(separator: ", "))" : hint)"
        )
      }
      return read(entry.key, entry.value, "\(reader.path).\(entry.key)", reader.problems)
    }
  }

  private static func read(_ name: String, _ node: YAMLNode, _ path: String, _ problems: FileProblems) -> SpaceSection?
  {
    switch node.content {
    case .sequence(let items):
      let values = items.map { problems.json($0, path) }
      if values.isEmpty || Set(values).count < values.count {
        problems.add(node.position, "\(path) needs values that differ from each other")
      } else if values.contains(where: { $0.object != nil || $0.array != nil || $0.isNull }) {
        problems.add(node.position, "\(path) must be a list of single values")
      }
      return SpaceSection(name: name, values: values, range: nil)
    case .mapping:
      return MappingReader(node, path: path, problems: problems).flatMap(readRange).map {
        SpaceSection(name: name, values: nil, range: $0)
      }
    default:
      problems.add(
        node.position, "\(path) is a list of values or {from: …, to: …, log: true}, not \(problems.shown(node))")
      return nil
    }
  }

  private static func readRange(_ reader: MappingReader) -> Range? {
    let (from, to) = (reader.number("from", required: true), reader.number("to", required: true))
    let isLog = reader.flag("log") ?? false
    let ends = ["from", "to"].compactMap { reader.node($0) }
    reader.finish()
    guard let from, let to else { return nil }
    if from >= to || (isLog && from <= 0) {
      reader.problems.add(
        reader.position,
        "\(reader.path): from must be less than to\(isLog && from <= 0 ? ", and above 0 on a logarithmic scale" : "")")
    }
    let isWhole = ends.allSatisfy { node in
      if case .scalar(let text, _) = node.content { Int64(text) != nil } else { false }
    }
    return Range(from: from, to: to, isLog: isLog, isWhole: isWhole)
  }
}

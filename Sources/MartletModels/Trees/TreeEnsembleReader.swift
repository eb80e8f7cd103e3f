import MartletCore

/// Builds the flat arrays from a text model, checking every index on the way.
struct TreeEnsembleReader {
  private(set) var featureNames: [String] = []
  private(set) var outputCount = 1
  private(set) var trees: [TreeEnsemble.Tree] = []
  private(set) var nodes: [TreeEnsemble.Node] = []
  private(set) var leaves: [Double] = []
  private(set) var setWords: [UInt32] = []
  private(set) var setBounds: [Int32] = [0]
  private(set) var objective = TreeObjective.identity
  private(set) var averages = false
  private(set) var gains: [Double] = []

  init(_ text: String) throws {
    let parsed = try LightGBMText(text)
    let header = LightGBMFields(values: parsed.header, place: "its header")
    outputCount = try header.integer("num_tree_per_iteration", default: 1)
    let largest = try header.integer("max_feature_idx")
    featureNames = try header.text("feature_names").split(separator: " ").map(String.init)
    objective = try TreeObjective(parsed.header["objective"])
    averages = parsed.flags.contains("average_output")
    guard outputCount > 0, featureNames.count - 1 == largest else {
      throw header.broken("names \(featureNames.count) features, and says that the last is number \(largest)")
    }
    guard parsed.trees.count % outputCount == 0, !parsed.trees.isEmpty else {
      throw header.broken("has \(parsed.trees.count) trees for \(outputCount) outputs")
    }
    for (index, values) in parsed.trees.enumerated() {
      try read(LightGBMFields(values: values, place: "tree \(index)"))
    }
  }

  func ensemble() -> TreeEnsemble { TreeEnsemble(reader: self) }

  private mutating func read(_ fields: LightGBMFields) throws {
    if try fields.integer("is_linear", default: 0) != 0 {
      throw MartletError.invalidInput(
        "\(fields.place) has linear models in its leaves (linear_tree), which Martlet does not evaluate",
        fix: "train with linear_tree=false")
    }
    let count = try fields.integer("num_leaves")
    guard count >= 1, count <= 1 << 24 else { throw fields.broken("has \(count) leaves") }
    trees.append(
      .init(firstNode: nodes.count, nodeCount: count - 1, firstLeaf: leaves.count, firstSet: setBounds.count - 1))
    leaves += try fields.numbers("leaf_value", count: count)
    guard count > 1 else { return }
    try readNodes(fields, count: count - 1)
  }

  private mutating func readNodes(_ fields: LightGBMFields, count: Int) throws {
    let features = try fields.integers("split_feature", count: count)
    let thresholds = try fields.numbers("threshold", count: count)
    let kinds = try fields.integers("decision_type", count: count)
    let (left, right) = (
      try fields.integers("left_child", count: count), try fields.integers("right_child", count: count)
    )
    let sets = try readSets(fields)
    gains +=
      fields.values["split_gain"] == nil
      ? [Double](repeating: 0, count: count) : try fields.numbers("split_gain", count: count)
    for i in 0..<count {
      guard featureNames.indices.contains(features[i]) else { throw fields.broken("splits on feature \(features[i])") }
      for child in [left[i], right[i]] {
        // Children come after their parent, so that every path ends.
        guard child < 0 ? ~child <= count : (child > i && child < count) else {
          throw fields.broken("points from node \(i) to \(child)")
        }
      }
      nodes.append(try node(fields, kinds[i], thresholds[i], features[i], left[i], right[i], sets: sets))
    }
  }

  private func node(
    _ fields: LightGBMFields, _ kind: Int, _ threshold: Double, _ feature: Int, _ left: Int, _ right: Int, sets: Int
  ) throws -> TreeEnsemble.Node {
    guard (0..<16).contains(kind), let missing = TreeEnsemble.Missing(rawValue: UInt8(kind >> 2)) else {
      throw fields.broken("has the decision type \(kind)")
    }
    let isCategorical = kind & 1 == 1
    if isCategorical {
      guard threshold >= 0, threshold < Double(sets), threshold == threshold.rounded() else {
        throw fields.broken("names the category set \(threshold) of \(sets)")
      }
    }
    return .init(
      threshold: threshold, left: Int32(left), right: Int32(right), feature: Int32(feature), missing: missing,
      defaultsLeft: kind & 2 == 2, isCategorical: isCategorical)
  }

  /// Reads the bit sets of a tree's categorical splits and says how many there are.
  private mutating func readSets(_ fields: LightGBMFields) throws -> Int {
    let count = try fields.integer("num_cat", default: 0)
    guard count > 0 else {
      return 0
    }
    guard count <= 1 << 24 else { throw fields.broken("has \(count) category sets") }
    let bounds = try fields.integers("cat_boundaries", count: count + 1)
    guard bounds[0] == 0, zip(bounds, bounds.dropFirst()).allSatisfy(<=), bounds[count] <= 1 << 24 else {
      throw fields.broken("has category boundaries that do not ascend")
    }
    let words = try fields.integers("cat_threshold", count: bounds[count])
    guard words.allSatisfy({ $0 >= 0 && $0 <= Int(UInt32.max) }) else {
      throw fields.broken("has a category set beyond 32 bits")
    }
    let base = Int32(setWords.count)
    setWords += words.map { UInt32($0) }
    setBounds += bounds.dropFirst().map { base + Int32($0) }
    return count
  }
}

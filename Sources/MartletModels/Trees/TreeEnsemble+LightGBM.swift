package import MartletCore

extension TreeEnsemble {
  /// Reads a LightGBM model in its text format (version v4, and v3 before it).
  ///
  /// Every index in the file is checked, so a broken or hostile file gives an error and never a crash.
  package init(lightGBMText text: String) throws {
    var reader = LightGBMText(text)
    let header = try reader.header()
    guard header["tree"] != nil || header["version"] != nil, let names = header["feature_names"] else {
      throw Self.broken("it does not begin like a LightGBM model")
    }
    guard header["num_class"] ?? "1" == "1", header["num_tree_per_iteration"] ?? "1" == "1" else {
      throw MartletError.invalidInput("LightGBM models of several classes are not evaluated yet")
    }
    let features = names.split(separator: " ").map(String.init)
    var builder = Builder(featureCount: features.count)
    while let tree = try reader.tree() { try builder.add(tree) }
    guard !builder.roots.isEmpty else { throw Self.broken("it has no trees") }
    nodes = builder.nodes
    leaves = header["average_output"] == nil ? builder.leaves : builder.leaves.map { $0 / Double(builder.roots.count) }
    roots = builder.roots
    categoryBits = builder.categoryBits
    gains = builder.gains
    splits = builder.splits
    featureNames = features
    output = try Self.output(of: header["objective"] ?? "regression")
  }

  private static func output(of objective: String) throws -> Output {
    let words = objective.split(separator: " ").map(String.init)
    switch words.first {
    case "binary", "cross_entropy":
      let slope = words.first { $0.hasPrefix("sigmoid:") }.flatMap { Double($0.dropFirst(8)) } ?? 1
      return .sigmoid(slope: slope)
    case "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg": return .identity
    default: throw MartletError.invalidInput("LightGBM's objective '\(objective.prefix(40))' is not evaluated yet")
    }
  }

  static func broken(_ why: String) -> MartletError {
    MartletError(
      .invalidInput, "the file is not a LightGBM model that can be read", cause: why,
      fix: "save it again with Booster.save_model")
  }

  private struct Builder {
    let featureCount: Int
    var nodes: [Node] = []
    var leaves: [Double] = []
    var roots: [(node: Int, leaf: Int, hasNodes: Bool)] = []
    var categoryBits: [UInt32] = []
    var gains: [Double]
    var splits: [Int]

    init(featureCount: Int) {
      self.featureCount = featureCount
      gains = [Double](repeating: 0, count: featureCount)
      splits = [Int](repeating: 0, count: featureCount)
    }

    mutating func add(_ tree: [String: Substring]) throws {
      func list<Value: LosslessStringConvertible>(_ key: String, _ count: Int) throws -> [Value] {
        let values = (tree[key] ?? "").split(separator: " ").compactMap { Value(String($0)) }
        guard values.count == count else { throw TreeEnsemble.broken("a tree's \(key) has \(values.count) values, not \(count)") }
        return values
      }
      guard let leafCount = tree["num_leaves"].flatMap({ Int($0) }), (1...1_000_000).contains(leafCount) else {
        throw TreeEnsemble.broken("a tree does not say how many leaves it has")
      }
      guard tree["is_linear"] ?? "0" == "0" else {
        throw MartletError.invalidInput("LightGBM models with linear trees are not evaluated", fix: "train with linear_tree=false")
      }
      let nodeCount = leafCount - 1
      roots.append((nodes.count, leaves.count, nodeCount > 0))
      leaves += try list("leaf_value", leafCount) as [Double]
      guard nodeCount > 0 else { return }
      let bitsStart = categoryBits.count
      let categoryCount = tree["num_cat"].flatMap { Int($0) } ?? 0
      guard (0...nodeCount).contains(categoryCount) else { throw TreeEnsemble.broken("a tree's num_cat is out of range") }
      let boundaries: [Int] = categoryCount > 0 ? try list("cat_boundaries", categoryCount + 1) : []
      if let words = boundaries.last {
        guard words >= 0, zip(boundaries, boundaries.dropFirst()).allSatisfy({ $0 >= 0 && $0 <= $1 }) else {
          throw TreeEnsemble.broken("a tree's cat_boundaries do not rise")
        }
        categoryBits += try list("cat_threshold", words) as [UInt32]
      }
      let features: [Int] = try list("split_feature", nodeCount)
      let thresholds: [Double] = try list("threshold", nodeCount)
      let types: [Int] = try list("decision_type", nodeCount)
      let lefts: [Int] = try list("left_child", nodeCount)
      let rights: [Int] = try list("right_child", nodeCount)
      let splitGains: [Double] = tree["split_gain"] == nil ? [] : try list("split_gain", nodeCount)
      for index in 0..<nodeCount {
        // Children stand after their parent, so a walk always ends.
        let isSound = [lefts[index], rights[index]].allSatisfy { child in
          child >= 0 ? (index + 1..<nodeCount).contains(child) : (0..<leafCount).contains(~child)
        }
        guard isSound, (0..<featureCount).contains(features[index]), (0..<16).contains(types[index]) else {
          throw TreeEnsemble.broken("node \(index) of tree \(roots.count - 1) points outside the tree")
        }
        var node = Node(
          threshold: thresholds[index], feature: Int32(features[index]), left: Int32(lefts[index]),
          right: Int32(rights[index]), categoryStart: 0, categoryWords: 0, isCategorical: types[index] & 1 == 1,
          defaultLeft: types[index] & 2 == 2, missing: UInt8(types[index] >> 2 & 3))
        if node.isCategorical {
          guard let category = Int(exactly: thresholds[index]), (0..<categoryCount).contains(category) else {
            throw TreeEnsemble.broken("node \(index) names categories that are not there")
          }
          node.categoryStart = Int32(bitsStart + boundaries[category])
          node.categoryWords = Int32(boundaries[category + 1] - boundaries[category])
        }
        nodes.append(node)
        splits[features[index]] += 1
        if !splitGains.isEmpty { gains[features[index]] += splitGains[index] }
      }
    }
  }
}

/// Walks the lines of LightGBM's text format: `key=value`, blocks that begin with `Tree=` and end with a blank line.
private struct LightGBMText {
  private var lines: ArraySlice<Substring>

  init(_ text: String) {
    lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
  }

  mutating func header() throws -> [String: String] {
    var fields: [String: String] = [:]
    while let line = lines.first, !line.hasPrefix("Tree=") {
      lines.removeFirst()
      if line == "end of trees" { return fields }
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      fields[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
    }
    return fields
  }

  /// The next tree's fields; nil after the last, which a whole file marks with `end of trees`.
  mutating func tree() throws -> [String: Substring]? {
    guard let first = lines.first, first.hasPrefix("Tree=") else { return nil }
    lines.removeFirst()
    var fields: [String: Substring] = [:]
    while let line = lines.first, !line.hasPrefix("Tree=") {
      lines.removeFirst()
      if line == "end of trees" {
        lines = []
        return fields
      }
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { fields[String(parts[0])] = parts[1] }
    }
    guard !lines.isEmpty else { throw TreeEnsemble.broken("it ends before its last tree does") }
    return fields
  }
}

import MartletCore

/// A LightGBM model evaluated by our own code: flat arrays, no allocation for a prediction, missing values and
/// categories as LightGBM treats them.
package struct TreeEnsemble: Sendable {
  /// An inner node; a child below 0 is leaf ~child of the same tree.
  struct Node {
    var threshold: Double
    var left: Int32
    var right: Int32
    var feature: Int32
    var missing: Missing
    var defaultsLeft: Bool
    var isCategorical: Bool
  }

  /// Which values count as missing at a node, and so take its default branch.
  enum Missing: UInt8 {
    case none
    case zero
    case nan
  }

  struct Tree {
    var firstNode: Int
    var nodeCount: Int
    var firstLeaf: Int
    /// Where the tree's category sets begin in `setBounds`.
    var firstSet: Int
  }

  package let featureNames: [String]
  /// Numbers a prediction consists of: 1, or the number of classes.
  package let outputCount: Int
  let trees: [Tree]
  let nodes: [Node]
  let leaves: [Double]
  /// Bit sets of the categories that go left: set s holds the words setBounds[s]..<setBounds[s+1].
  let setWords: [UInt32]
  let setBounds: [Int32]
  let objective: TreeObjective
  let averages: Bool
  /// Sum of the gains of each feature's splits.
  package let gains: [Double]
  /// How many splits use each feature.
  package let splits: [Int]

  package var treeCount: Int { trees.count }
  package var featureCount: Int { featureNames.count }

  /// Reads a text model; anything that does not hold together is an error, so that evaluating cannot go astray.
  package init(lightGBMText text: String) throws {
    self = try TreeEnsembleReader(text).ensemble()
  }

  init(reader: TreeEnsembleReader) {
    featureNames = reader.featureNames
    outputCount = reader.outputCount
    trees = reader.trees
    nodes = reader.nodes
    leaves = reader.leaves
    setWords = reader.setWords
    setBounds = reader.setBounds
    objective = reader.objective
    averages = reader.averages
    var (gains, splits) = (
      [Double](repeating: 0, count: featureNames.count), [Int](repeating: 0, count: featureNames.count)
    )
    for (node, gain) in zip(nodes, reader.gains) {
      gains[Int(node.feature)] += gain
      splits[Int(node.feature)] += 1
    }
    (self.gains, self.splits) = (gains, splits)
  }

  /// The prediction for one row of a model with one output.
  package func predict(_ row: UnsafeBufferPointer<Double>) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: outputCount) { output in
      predict(row, into: output)
      return output[0]
    }
  }

  /// Predicts one row of `featureCount` numbers into `outputCount` numbers: probabilities, rates or values.
  package func predict(_ row: UnsafeBufferPointer<Double>, into output: UnsafeMutableBufferPointer<Double>) {
    rawScores(row, into: output)
    if averages {
      let rounds = Double(trees.count / outputCount)
      for i in 0..<outputCount { output[i] /= rounds }
    }
    objective.apply(to: output)
  }

  /// The sums of leaf values, before a forest's averaging and the objective's transformation.
  package func rawScores(_ row: UnsafeBufferPointer<Double>, into output: UnsafeMutableBufferPointer<Double>) {
    precondition(row.count == featureCount && output.count == outputCount, "buffers of the wrong length")
    output.update(repeating: 0)
    nodes.withUnsafeBufferPointer { nodes in
      leaves.withUnsafeBufferPointer { leaves in
        var slot = 0
        for tree in trees {
          output[slot] += leaves[tree.firstLeaf + leaf(of: tree, nodes, row)]
          slot += 1
          if slot == outputCount { slot = 0 }
        }
      }
    }
  }

  @inline(__always)
  private func leaf(of tree: Tree, _ nodes: UnsafeBufferPointer<Node>, _ row: UnsafeBufferPointer<Double>) -> Int {
    guard tree.nodeCount > 0 else { return 0 }
    var index = 0
    repeat {
      let node = nodes[tree.firstNode + index]
      let value = row[Int(node.feature)]
      let goesLeft =
        node.isCategorical
        ? isInSet(value, tree.firstSet + Int(node.threshold)) : Self.isBelow(value, node)
      index = Int(goesLeft ? node.left : node.right)
    } while index >= 0
    return ~index
  }

  /// LightGBM's `NumericalDecision`; its zero is anything within 1e-35 as a 32-bit float.
  @inline(__always)
  private static func isBelow(_ value: Double, _ node: Node) -> Bool {
    var value = value
    if value.isNaN {
      if node.missing == .nan { return node.defaultsLeft }
      value = 0
    }
    if node.missing == .zero, abs(value) <= Double(Float(1e-35)) { return node.defaultsLeft }
    return value <= node.threshold
  }

  /// LightGBM's `CategoricalDecision`: missing, negative and unknown categories go right.
  @inline(__always)
  private func isInSet(_ value: Double, _ set: Int) -> Bool {
    guard value > -1, value < 2_147_483_648 else { return false }
    let category = Int(value)
    let (start, end) = (Int(setBounds[set]), Int(setBounds[set + 1]))
    guard category >> 5 < end - start else { return false }
    return setWords[start + category >> 5] >> UInt32(category & 31) & 1 == 1
  }

  /// Predictions of all rows, `outputCount` numbers for each.
  package func predict(_ matrix: Matrix) throws -> [Double] {
    try evaluate(matrix) { predict($0, into: $1) }
  }

  /// Raw scores of all rows, `outputCount` numbers for each.
  package func rawScores(_ matrix: Matrix) throws -> [Double] {
    try evaluate(matrix) { rawScores($0, into: $1) }
  }

  private func evaluate(
    _ matrix: Matrix, _ body: (UnsafeBufferPointer<Double>, UnsafeMutableBufferPointer<Double>) -> Void
  ) throws -> [Double] {
    guard matrix.columns == featureCount else {
      throw MartletError.invalidInput("the model takes \(featureCount) features, and was given \(matrix.columns)")
    }
    var result = [Double](repeating: 0, count: matrix.rows * outputCount)
    result.withUnsafeMutableBufferPointer { result in
      matrix.values.withUnsafeBufferPointer { values in
        for row in 0..<matrix.rows {
          body(
            .init(rebasing: values[row * featureCount..<(row + 1) * featureCount]),
            .init(rebasing: result[row * outputCount..<(row + 1) * outputCount]))
        }
      }
    }
    return result
  }
}

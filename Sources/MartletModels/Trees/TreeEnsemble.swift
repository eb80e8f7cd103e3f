import Foundation
package import MartletCore

/// A gradient-boosted ensemble of trees, evaluated by our own code, one row at a time without allocating.
///
/// The decisions are those of LightGBM's `Tree::NumericalDecision` and `Tree::CategoricalDecision` (src: include/LightGBM/tree.h).
package struct TreeEnsemble: Sendable {
  /// How the sum of the leaves becomes a prediction.
  package enum Output: Sendable, Hashable {
    case identity
    /// 1 / (1 + exp(-slope · sum))
    case sigmoid(slope: Double)
  }

  struct Node: Sendable {
    var threshold: Double
    var feature: Int32
    /// Not negative: a node; negative: the leaf `~left`.
    var left: Int32
    var right: Int32
    /// Where the bits of a categorical split begin in `categoryBits`, and how many words they are.
    var categoryStart: Int32
    var categoryWords: Int32
    var isCategorical: Bool
    var defaultLeft: Bool
    /// 0: none, 1: zero counts as missing, 2: NaN counts as missing.
    var missing: UInt8
  }

  let nodes: [Node]
  let leaves: [Double]
  /// First node and first leaf of each tree; a tree without nodes is one leaf.
  let roots: [(node: Int, leaf: Int, hasNodes: Bool)]
  let categoryBits: [UInt32]
  package let output: Output
  package let featureNames: [String]
  /// Sum of the gains of a feature's splits, and how many splits, by feature.
  package let gains: [Double]
  package let splits: [Int]

  package var treeCount: Int { roots.count }

  /// The prediction for one row of `featureNames.count` numbers; NaN is missing.
  package func predict(_ row: UnsafeBufferPointer<Double>) -> Double {
    var sum = 0.0
    nodes.withUnsafeBufferPointer { nodes in
      leaves.withUnsafeBufferPointer { leaves in
        for root in roots { sum += leaves[root.leaf + (root.hasNodes ? leaf(of: row, root.node, nodes) : 0)] }
      }
    }
    switch output {
    case .identity: return sum
    case .sigmoid(let slope): return 1 / (1 + exp(-slope * sum))
    }
  }

  /// The predictions for all rows of a matrix.
  package func predict(_ matrix: Matrix) throws -> [Double] {
    guard matrix.columns == featureNames.count else {
      throw MartletError.invalidInput("the model needs \(featureNames.count) columns and got \(matrix.columns)")
    }
    return matrix.values.withUnsafeBufferPointer { values in
      (0..<matrix.rows).map { row in
        predict(UnsafeBufferPointer(rebasing: values[row * matrix.columns..<(row + 1) * matrix.columns]))
      }
    }
  }

  private func leaf(of row: UnsafeBufferPointer<Double>, _ root: Int, _ nodes: UnsafeBufferPointer<Node>) -> Int {
    var place = 0
    while true {
      let node = nodes[root + place]
      let value = row[Int(node.feature)]
      let goesLeft = node.isCategorical ? isIn(node, value) : isBelow(node, value)
      let next = Int(goesLeft ? node.left : node.right)
      if next < 0 { return ~next }
      place = next
    }
  }

  private func isBelow(_ node: Node, _ value: Double) -> Bool {
    if value.isNaN {
      if node.missing == 2 { return node.defaultLeft }
      if node.missing == 1 { return node.defaultLeft }
      return 0 <= node.threshold
    }
    if node.missing == 1, abs(value) <= 1e-35 { return node.defaultLeft }
    return value <= node.threshold
  }

  private func isIn(_ node: Node, _ value: Double) -> Bool {
    guard !value.isNaN, value > -1, value < 4_294_967_296 else { return false }
    let category = Int(value)
    guard category >= 0, category / 32 < Int(node.categoryWords) else { return false }
    return categoryBits[Int(node.categoryStart) + category / 32] >> UInt32(category % 32) & 1 == 1
  }
}

package import MartletCore

/// The parameters a study may vary, each with its range.
package struct SearchSpace: Sendable, Hashable, Codable {
  package struct Dimension: Sendable, Hashable, Codable {
    package var name: String
    package var range: Range

    package init(_ name: String, _ range: Range) {
      self.name = name
      self.range = range
    }
  }

  package enum Range: Sendable, Hashable, Codable {
    /// Inclusive; on a logarithmic scale where `log`.
    case real(from: Double, to: Double, log: Bool)
    case whole(from: Int64, to: Int64, log: Bool)
    case choice([JSON])
  }

  package var dimensions: [Dimension]

  package init(_ dimensions: [Dimension]) throws {
    guard !dimensions.isEmpty else { throw MartletError.invalidInput("a search space needs at least one parameter") }
    for dimension in dimensions { try dimension.range.check(dimension.name) }
    self.dimensions = dimensions
  }

  /// What a LightGBM search varies when the project file names nothing else.
  package static func lightGBM() throws -> SearchSpace {
    try SearchSpace([
      Dimension("learning_rate", .real(from: 0.03, to: 0.2, log: true)),
      Dimension("num_leaves", .whole(from: 15, to: 127, log: true)),
      Dimension("min_data_in_leaf", .whole(from: 20, to: 400, log: true)),
      Dimension("feature_fraction", .real(from: 0.5, to: 1, log: false)),
      Dimension("bagging_fraction", .real(from: 0.6, to: 1, log: false)),
      Dimension("lambda_l2", .real(from: 0.001, to: 10, log: true)),
    ])
  }
}

extension SearchSpace.Range {
  func check(_ name: String) throws {
    switch self {
    case .real(let from, let to, let log):
      guard from.isFinite, to.isFinite, from < to, !log || from > 0 else { throw Self.wrong(name) }
    case .whole(let from, let to, let log):
      guard from < to, !log || from > 0 else { throw Self.wrong(name) }
    case .choice(let values):
      guard !values.isEmpty else { throw Self.wrong(name) }
    }
  }

  private static func wrong(_ name: String) -> MartletError {
    .invalidInput("the range of '\(name)' is empty or, on a logarithmic scale, not positive")
  }
}

package import MartletCore

/// One check that did not hold, with what was seen and rows to look at.
package struct Finding: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Hashable, Codable {
    case schema
    case expectation
    case control
  }

  /// The check's name: `mean(distance)`, `no-loops`, `type(dep_time)`.
  package var check: String
  package var kind: Kind
  package var severity: Severity
  package var partition: String?
  package var column: String?
  package var message: String
  package var observed: JSON?
  package var expected: JSON?
  /// How many rows fail, where rows can.
  package var failing: Int64?
  /// Up to 20 of them, as objects; `_line` is the line in the delivered file.
  package var failingRows: [JSON]

  package init(
    check: String, kind: Kind, severity: Severity, partition: String? = nil, column: String? = nil, message: String,
    observed: JSON? = nil, expected: JSON? = nil, failing: Int64? = nil, failingRows: [JSON] = []
  ) {
    self.check = check
    self.kind = kind
    self.severity = severity
    self.partition = partition
    self.column = column
    self.message = message
    self.observed = observed
    self.expected = expected
    self.failing = failing
    self.failingRows = failingRows
  }

  package static let sampleLimit = 20
}

/// A model as the scoring plane sees it: named inputs, one number out.
package protocol ServedModel: Sendable {
  /// The columns the model reads, in the order of `ModelRows`.
  var inputs: [ServedInput] { get }

  /// One score for each row. An answer may be NaN; an error fails all rows.
  func scores(_ rows: ModelRows) throws -> [Double]
}

/// One column a model reads.
package struct ServedInput: Sendable, Hashable {
  package var name: String
  package var kind: ColumnKind
  /// Whether a request without the column is an error; a missing value never is.
  package var isRequired: Bool

  package init(_ name: String, _ kind: ColumnKind, isRequired: Bool = true) {
    self.name = name
    self.kind = kind
    self.isRequired = isRequired
  }
}

/// Rows for a model, row-major, both arrays `inputs.count` wide: text inputs are in `texts`, all others in
/// `numbers`; the other array's value at that place means nothing.
package struct ModelRows: Sendable {
  package var count: Int
  package var width: Int
  package var numbers: [Double]
  package var texts: [String?]

  package init(count: Int, width: Int, numbers: [Double], texts: [String?]) {
    self.count = count
    self.width = width
    self.numbers = numbers
    self.texts = texts
  }
}

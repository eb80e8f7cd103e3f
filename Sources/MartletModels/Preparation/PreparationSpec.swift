import MartletCore

/// The transformations a project asks for, in order; fitting turns them into numbers.
package struct PreparationSpec: Sendable, Hashable, Codable {
  package struct Operation: Sendable, Hashable, Codable {
    package var kind: Kind
    /// `median`, `mean`, `iqr`, `standard`, `target`, `one-hot`, `ordinal`, `frequency`, or a number.
    package var method: String?
    /// Nil: every column it applies to.
    package var columns: [String]?

    package init(_ kind: Kind, method: String? = nil, columns: [String]? = nil) {
      self.kind = kind
      self.method = method
      self.columns = columns
    }
  }

  package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Numbers: missing values become the median, the mean or a constant.
    case impute
    /// Numbers: cut at the quartiles minus and plus 1.5 interquartile ranges (Tukey's fences).
    case clip
    /// Numbers: minus the mean, divided by the standard deviation.
    case scale
    /// Numbers: log(1 + x), below 0 mirrored.
    case log
    /// Numbers: the number of the decile it falls into.
    case bin
    /// Any column: a further column that is 1 where the value is missing.
    case indicator
    /// Text: a number for each category, or a column for each.
    case encode
    /// Times: hour, minute of the day, weekday, month and day of the year, in UTC.
    case dates
    case drop
  }

  package var operations: [Operation]

  package init(_ operations: [Operation]) { self.operations = operations }
}

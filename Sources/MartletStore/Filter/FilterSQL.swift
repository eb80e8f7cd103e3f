/// A piece of SQL and the values of its `?`, in order.
package struct SQLFragment: Sendable, Hashable {
  package var sql: String
  package var arguments: [SQLValue]

  package init(_ sql: String, _ arguments: [SQLValue] = []) {
    self.sql = sql
    self.arguments = arguments
  }

  package static func joined(_ fragments: [SQLFragment], by separator: String) -> SQLFragment {
    SQLFragment(fragments.map(\.sql).joined(separator: separator), fragments.flatMap(\.arguments))
  }

  /// Both conditions; only this one where there is no other.
  package func and(_ other: SQLFragment?) -> SQLFragment {
    other.map { .joined([self, $0], by: " AND ") } ?? self
  }
}

extension FilterClause {
  /// `column <comparator> value`, with everything the caller wrote as a bound parameter.
  ///
  /// LIKE is case-sensitive and ILIKE is not, in both dialects; a backslash is an ordinary character.
  package func comparing(_ column: String, in dialect: SQLDialect) -> SQLFragment {
    switch value {
    case .none: SQLFragment("\(column) \(comparator.rawValue)")
    case .integer(let number): SQLFragment("\(column) \(comparator.rawValue) ?", [.integer(number)])
    case .number(let number):
      SQLFragment("\(column) \(comparator.rawValue) CAST(? AS DOUBLE PRECISION)", [.real(number)])
    case .text(let text): comparingText(column, text, in: dialect)
    case .list(let texts):
      SQLFragment(
        "\(column) \(comparator.rawValue) (\(Array(repeating: "?", count: texts.count).joined(separator: ", ")))",
        texts.map(SQLValue.text))
    }
  }

  private func comparingText(_ column: String, _ text: String, in dialect: SQLDialect) -> SQLFragment {
    switch (comparator, dialect) {
    case (.like, .sqlite): SQLFragment("\(column) GLOB ?", [.text(Self.glob(fromLike: text))])
    case (.ilike, .sqlite): SQLFragment("LOWER(\(column)) LIKE LOWER(?)", [.text(text)])
    case (.like, .postgresql): SQLFragment("\(column) LIKE ? ESCAPE ''", [.text(text)])
    case (.ilike, .postgresql): SQLFragment("\(column) ILIKE ? ESCAPE ''", [.text(text)])
    default: SQLFragment("\(column) \(comparator.rawValue) ?", [.text(text)])
    }
  }

  /// SQLite's case-sensitive match is GLOB: `%` is `*`, `_` is `?`, and GLOB's own signs stand for themselves.
  private static func glob(fromLike pattern: String) -> String {
    var glob = String.UnicodeScalarView()
    for scalar in pattern.unicodeScalars {
      switch scalar {
      case "%": glob.append("*")
      case "_": glob.append("?")
      case "*", "?", "[": glob.append(contentsOf: "[\(scalar)]".unicodeScalars)
      default: glob.append(scalar)
      }
    }
    return String(glob)
  }
}

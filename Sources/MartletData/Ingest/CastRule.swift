import MartletEngines

/// How a delivered value becomes a value of the contract's type: SQL that gives NULL for what does not fit.
enum CastRule {
  /// - Parameters:
  ///   - column: the quoted column of `raw`.
  ///   - native: its type there.
  static func sql(_ column: String, native: String, to type: ColumnType) -> String {
    native == "VARCHAR" ? fromText(column, type) : fromNative(column, native, type)
  }

  private static func fromText(_ x: String, _ type: ColumnType) -> String {
    switch type {
    case .string: x
    case .integer: guarded(x, #"\s*[+-]?[0-9]+(\.0*)?\s*"#, "TRY_CAST(\(x) AS BIGINT)")
    case .float: guarded(x, Pattern.number, "TRY_CAST(\(x) AS DOUBLE)")
    case .boolean:
      "CASE WHEN lower(\(x)) IN ('true', 't', '1') THEN true WHEN lower(\(x)) IN ('false', 'f', '0') THEN false END"
    case .date: guarded(x, Pattern.date, "TRY_CAST(\(x) AS DATE)")
    case .timestamp: guarded(x, Pattern.timestamp, "CAST(TRY_CAST(\(x) AS TIMESTAMPTZ) AS TIMESTAMP)")
    }
  }

  private static func fromNative(_ x: String, _ native: String, _ type: ColumnType) -> String {
    let isFractional = native == "DOUBLE" || native == "FLOAT" || native.hasPrefix("DECIMAL")
    switch type {
    case .integer where isFractional: return "CASE WHEN \(x) = floor(\(x)) THEN TRY_CAST(\(x) AS BIGINT) END"
    case .float where isFractional: return "CASE WHEN NOT isnan(CAST(\(x) AS DOUBLE)) THEN TRY_CAST(\(x) AS DOUBLE) END"
    case .string: return "CAST(\(x) AS VARCHAR)"
    default: return "TRY_CAST(\(x) AS \(type.sql))"
    }
  }

  private static func guarded(_ x: String, _ pattern: String, _ cast: String) -> String {
    "CASE WHEN regexp_full_match(\(x), \(SQLText.literal(pattern))) THEN \(cast) END"
  }

  /// What text must look like (RE2 syntax, the whole value).
  enum Pattern {
    static let number = #"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"#
    static let date = #"\d{4}-\d{2}-\d{2}"#
    static let timestamp = #"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?"#
    /// Whole numbers without leading zeros, so that codes such as `007` stay text.
    static let inferredInteger = #"[+-]?(0|[1-9][0-9]{0,17})"#
    static let inferredFloat = #"[+-]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][+-]?[0-9]+)?"#
  }
}

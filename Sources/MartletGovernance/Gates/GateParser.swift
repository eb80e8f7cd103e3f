import MartletCore

/// Recursive descent over the tokens of one line.
struct GateParser {
  private let text: String
  private let tokens: [GateToken]
  private var position = 0
  private var depth = 0

  /// Longer lines are not written by people, and terms are evaluated one within the other.
  static let longest = 2000

  init(_ text: String) throws {
    guard text.utf8.count <= Self.longest else {
      throw MartletError.invalidInput(
        "'\(text.prefix(60))…' is longer than \(Self.longest) characters", fix: "write several lines: each must hold")
    }
    self.text = text
    tokens = try GateToken.all(of: text)
  }

  mutating func expression() throws -> GateExpression {
    let left = try sum()
    guard case .sign(let sign) = next.kind, let comparison = GateExpression.Comparison(rawValue: sign) else {
      throw objection("a comparison is expected (>=, >, <=, <), not \(next.shown)")
    }
    advance()
    let right = try sum()
    let confidence = try confidence()
    guard case .end = next.kind else { throw objection("the line should end here, not go on with \(next.shown)") }
    return try GateExpression(text: text, left: left, comparison: comparison, right: right, confidence: confidence)
  }

  private var next: GateToken { tokens[position] }

  private mutating func advance() { position = min(position + 1, tokens.count - 1) }

  private func objection(_ reason: String) -> MartletError {
    .invalidInput("'\(text)': at character \(next.place): \(reason)")
  }

  private mutating func take(_ sign: String) -> Bool {
    guard next.kind == .sign(sign) else { return false }
    advance()
    return true
  }

  private mutating func expect(_ sign: String) throws {
    if !take(sign) { throw objection("'\(sign)' is expected, not \(next.shown)") }
  }

  private mutating func name(_ what: String) throws -> String {
    guard case .name(let name) = next.kind else { throw objection("\(what) is expected, not \(next.shown)") }
    advance()
    return name
  }

  /// `at 95%`
  private mutating func confidence() throws -> Double? {
    guard next.kind == .name("at") else { return nil }
    advance()
    guard case .number(let value) = next.kind, value > 50, value < 100 else {
      throw objection("a confidence between 50% and 100% is expected, such as 95%")
    }
    advance()
    try expect("%")
    return value / 100
  }

  private mutating func sum() throws -> GateExpression.Term {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 32 else { throw objection("brackets are nested more than 32 deep") }
    var term = try product()
    while case .sign(let sign) = next.kind, let operation = GateExpression.Operator(rawValue: sign),
      operation == .plus || operation == .minus
    {
      advance()
      term = .sum(term, operation, try product())
    }
    return term
  }

  private mutating func product() throws -> GateExpression.Term {
    var term = try value()
    while case .sign(let sign) = next.kind, let operation = GateExpression.Operator(rawValue: sign),
      operation == .times || operation == .divided
    {
      advance()
      term = .sum(term, operation, try value())
    }
    return term
  }

  private mutating func value() throws -> GateExpression.Term {
    switch next.kind {
    case .number(let number):
      advance()
      return take("%") ? .number(number / 100, isPercent: true) : .number(number, isPercent: false)
    case .sign("-"):
      advance()
      depth += 1
      defer { depth -= 1 }
      guard depth <= 32 else { throw objection("signs are nested more than 32 deep") }
      return .negative(try value())
    case .sign("("):
      advance()
      let inner = try sum()
      try expect(")")
      return inner
    case .name: return try measure()
    default: throw objection("a number or a measure is expected, not \(next.shown)")
    }
  }

  /// `roc_auc`, `champion.roc_auc`, `min(slice(carrier).roc_auc)`, `psi(prediction)`, `missing_rate(any feature)`
  private mutating func measure() throws -> GateExpression.Term {
    let start = next
    let word = try name("a measure")
    if take(".") {
      let subjects = GateExpression.Subject.allCases.map(\.rawValue).filter { $0 != "candidate" }
      guard let subject = GateExpression.Subject(rawValue: word), subject != .candidate else {
        throw MartletError.invalidInput(
          "'\(text)': at character \(start.place): '\(word)' is not a model to compare with\(didYouMean(word, among: subjects)); they are \(subjects.joined(separator: ", "))"
        )
      }
      return .measure(subject, try name("a measure"))
    }
    guard take("(") else { return .measure(.candidate, word) }
    if let aggregate = GateExpression.Aggregate(rawValue: word) { return try slices(aggregate) }
    if let function = GateExpression.ColumnMeasure(rawValue: word) {
      let columns = try columns()
      try expect(")")
      return .column(function, columns)
    }
    let functions =
      GateExpression.Aggregate.allCases.map(\.rawValue) + GateExpression.ColumnMeasure.allCases.map(\.rawValue)
    throw MartletError.invalidInput(
      "'\(text)': at character \(start.place): unknown function '\(word)'\(didYouMean(word, among: functions)); they are \(functions.joined(separator: ", "))"
    )
  }

  private mutating func slices(_ aggregate: GateExpression.Aggregate) throws -> GateExpression.Term {
    guard next.kind == .name("slice") else { throw objection("slice(COLUMN).MEASURE is expected, not \(next.shown)") }
    advance()
    try expect("(")
    let column = try name("a column")
    try expect(")")
    try expect(".")
    let metric = try name("a measure")
    try expect(")")
    return .slices(aggregate, column: column, metric: metric)
  }

  private mutating func columns() throws -> GateExpression.Columns {
    let word = try name("a column, or 'any feature',")
    guard word == "any", next.kind == .name("feature") else { return .column(word) }
    advance()
    return .anyFeature
  }
}

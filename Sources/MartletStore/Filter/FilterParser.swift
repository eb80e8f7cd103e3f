import MartletCore

/// Recursive descent over the words of a filter; one method for each rule of the grammar.
struct FilterParser {
  private let tokens: [PlacedToken]
  private let grammar: FilterGrammar
  private var position = 0

  init(tokens: [PlacedToken], grammar: FilterGrammar) {
    self.tokens = tokens
    self.grammar = grammar
  }

  /// filter := clause (AND clause)*
  mutating func clauses() throws -> [FilterClause] {
    var clauses: [FilterClause] = []
    guard !tokens.isEmpty else { return [] }
    while true {
      clauses.append(try clause())
      guard clauses.count <= FilterGrammar.mostClauses else {
        throw MartletError.invalidInput("the filter has more than \(FilterGrammar.mostClauses) clauses")
      }
      guard let token = peek else { return clauses }
      guard takeKeyword("AND") else { throw invalidClause(token) }
    }
  }

  /// order := identifier [ASC | DESC]
  mutating func order(written: String) throws -> OrderClause {
    let (entity, key) = try identifier(attributes: grammar.orderAttributes)
    guard entity != .dataset else {
      throw MartletError.invalidInput("Invalid identifier type 'dataset' in order_by clause '\(written.prefix(120))'")
    }
    var ascending = true
    if let token = peek {
      if takeKeyword("DESC") {
        ascending = false
      } else if !takeKeyword("ASC") {
        throw MartletError.invalidInput(
          "Invalid ordering key in order_by clause '\(written.prefix(120))': '\(token.written.prefix(40))'")
      }
    }
    guard peek == nil else {
      throw MartletError.invalidInput("Invalid order_by clause '\(written.prefix(120))'. Could not be parsed.")
    }
    return OrderClause(entity: entity, key: key, ascending: ascending)
  }

  // MARK: Clauses

  /// clause := identifier (comparator value | [NOT] IN list | IS [NOT] NULL)
  private mutating func clause() throws -> FilterClause {
    let known = grammar.textAttributes.union(grammar.numericAttributes)
    let (entity, key) = try identifier(attributes: known)
    let comparator = try comparator()
    try check(comparator, of: entity, key: key)
    return FilterClause(
      entity: entity, key: key, comparator: comparator, value: try value(of: entity, key: key, for: comparator))
  }

  private mutating func comparator() throws -> FilterClause.Comparator {
    guard let token = take() else { throw MartletError.invalidInput("Invalid comparison clause. Expected 3 tokens") }
    switch token {
    case .comparator(let text):
      guard let comparator = FilterClause.Comparator(rawValue: text) else { throw invalidClause(token) }
      return comparator
    case .word(let word):
      switch word.uppercased() {
      case "LIKE": return .like
      case "ILIKE": return .ilike
      case "IN": return .isIn
      case "NOT" where takeKeyword("IN"): return .isNotIn
      case "IS":
        let negated = takeKeyword("NOT")
        guard takeKeyword("NULL") else { throw invalidClause(peek ?? token) }
        return negated ? .isNotNull : .isNull
      default: throw invalidClause(token)
      }
    default: throw invalidClause(token)
    }
  }

  private func check(_ comparator: FilterClause.Comparator, of entity: FilterClause.Entity, key: String) throws {
    if comparator == .isNull || comparator == .isNotNull {
      guard grammar.nullable.contains(entity) else {
        throw MartletError.invalidInput(
          "IS NULL / IS NOT NULL is only supported for tags and params, not for '\(entity.rawValue)' '\(key)'")
      }
      return
    }
    let allowed = comparators(of: entity, key: key)
    guard allowed.contains(comparator) else {
      if comparator == .isIn || comparator == .isNotIn, entity == .attribute {
        throw MartletError.invalidInput(
          "Only \(grammar.listAttributes.sorted()) attributes support comparison with a list of quoted string values.")
      }
      throw MartletError.invalidInput(
        "Invalid comparator '\(comparator.rawValue)' not one of '\(allowed.map(\.rawValue).sorted())'")
    }
  }

  private func comparators(of entity: FilterClause.Entity, key: String) -> Set<FilterClause.Comparator> {
    let ordered: Set<FilterClause.Comparator> = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
    let textual: Set<FilterClause.Comparator> = [.equal, .notEqual, .like, .ilike]
    switch entity {
    case .metric: return ordered
    case .attribute where grammar.numericAttributes.contains(key): return ordered
    case .parameter, .tag, .dataset, .attribute:
      let takesLists =
        entity == .attribute ? grammar.listAttributes.contains(key) : grammar.listEntities.contains(entity)
      return takesLists ? textual.union([.isIn, .isNotIn]) : textual
    }
  }

  // MARK: Identifiers

  /// identifier := [entity '.'] key, where the key is bare, "quoted" or `backticked`
  private mutating func identifier(attributes: Set<String>) throws -> (FilterClause.Entity, String) {
    guard let first = take() else { throw MartletError.invalidInput("Invalid filter: an identifier is missing") }
    switch first {
    case .word(let word):
      guard let dot = word.firstIndex(of: ".") else {
        if peekTouching == nil || !isQuotedNext { return try attribute(word, among: attributes) }
        throw invalidClause(first)
      }
      let entity = try entity(String(word[..<dot]))
      let rest = String(word[word.index(after: dot)...])
      let key = rest.isEmpty ? try quotedKey(after: first) : rest
      return try named(key, of: entity, among: attributes)
    case .backticked(let name):
      guard let next = peekTouching, case .word(let word) = next, word.hasPrefix(".") else {
        return try attribute(name, among: attributes)
      }
      position += 1
      let key = word == "." ? try quotedKey(after: first) : String(word.dropFirst())
      return try named(key, of: try entity(name), among: attributes)
    case .doubleQuoted(let name): return try attribute(name, among: attributes)
    default: throw MartletError.invalidInput("Invalid comparison clause. Expected 'Identifier' found '\(clip(first))'")
    }
  }

  private mutating func quotedKey(after token: FilterToken) throws -> String {
    guard let next = peekTouching else { throw invalidClause(token) }
    switch next {
    case .doubleQuoted(let key), .backticked(let key), .singleQuoted(let key):
      position += 1
      return key
    default: throw invalidClause(token)
    }
  }

  private func entity(_ name: String) throws -> FilterClause.Entity {
    let entity: FilterClause.Entity? =
      switch name {
      case "metric", "metrics": .metric
      case "param", "params", "parameter", "parameters": .parameter
      case "tag", "tags": .tag
      case "attribute", "attributes", "attr", "run": .attribute
      case "dataset", "datasets": .dataset
      default: nil
      }
    guard let entity, grammar.entities.contains(entity) else {
      let valid = FilterClause.Entity.allCases.filter(grammar.entities.contains).map(\.rawValue)
      throw MartletError.invalidInput("Invalid entity type '\(name.prefix(60))'. Valid values are \(valid)")
    }
    return entity
  }

  private func attribute(_ name: String, among attributes: Set<String>) throws -> (FilterClause.Entity, String) {
    try named(name, of: .attribute, among: attributes)
  }

  private func named(_ key: String, of entity: FilterClause.Entity, among attributes: Set<String>) throws
    -> (FilterClause.Entity, String)
  {
    let known: Set<String>
    switch entity {
    case .attribute: known = attributes
    case .dataset: known = ["name", "digest", "context"]
    default: return (entity, key)
    }
    let name = grammar.aliases[key] ?? key
    guard known.contains(name) else {
      throw MartletError.invalidInput(
        "Invalid \(entity.rawValue) key '\(key.prefix(60))' specified\(didYouMean(key, among: known)). "
          + "Valid keys are \(known.sorted())")
    }
    return (entity, name)
  }

  // MARK: Values

  private mutating func value(
    of entity: FilterClause.Entity, key: String, for comparator: FilterClause.Comparator
  ) throws -> FilterClause.Value {
    switch comparator {
    case .isNull, .isNotNull: return .none
    case .isIn, .isNotIn: return .list(try list())
    default: break
    }
    guard let token = take() else { throw MartletError.invalidInput("Invalid comparison clause. Expected 3 tokens") }
    let isNumeric = entity == .metric || (entity == .attribute && grammar.numericAttributes.contains(key))
    if isNumeric {
      guard case .number(let text) = token, let number = Double(text) else {
        throw MartletError.invalidInput(
          "Expected numeric value type for \(entity == .metric ? "metric" : "numeric attribute: \(key)"). "
            + "Found \(clip(token))")
      }
      return Int64(text).map(FilterClause.Value.integer) ?? .number(number)
    }
    switch token {
    case .singleQuoted(let text), .doubleQuoted(let text): return .text(try checked(text, for: comparator))
    default:
      throw MartletError.invalidInput(
        "Expected a quoted string value for \(entity.rawValue) (e.g. 'my-value'). Got value \(clip(token))")
    }
  }

  /// Patterns have a limit of their own: matching costs their length times the text's.
  private func checked(_ text: String, for comparator: FilterClause.Comparator) throws -> String {
    guard !text.utf8.contains(0) else { throw MartletError.invalidInput("a filter value contains a NUL character") }
    guard comparator != .like && comparator != .ilike || text.utf8.count <= 500 else {
      throw MartletError.invalidInput("a LIKE pattern is longer than 500 bytes")
    }
    return text
  }

  /// list := '(' text (',' text)* [','] ')'
  private mutating func list() throws -> [String] {
    guard take() == .open else { throw illFormedList() }
    var texts: [String] = []
    while true {
      guard let token = take() else { throw illFormedList() }
      switch token {
      case .close where !texts.isEmpty: return texts
      case .close:
        throw MartletError.invalidInput(
          "While parsing a list in the query, expected a non-empty list of string values, but got empty list")
      case .singleQuoted(let text), .doubleQuoted(let text): texts.append(try checked(text, for: .isIn))
      default:
        throw MartletError.invalidInput(
          "While parsing a list in the query, expected string value, punctuation, or whitespace, but got "
            + "different type in list: \(clip(token))")
      }
      guard texts.count <= 500 else { throw MartletError.invalidInput("a list in the filter has more than 500 values") }
      switch take() {
      case .comma: continue
      case .close: return texts
      default: throw illFormedList()
      }
    }
  }

  private func illFormedList() -> MartletError {
    .invalidInput(
      "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list.")
  }

  // MARK: Words

  private var peek: FilterToken? { position < tokens.count ? tokens[position].token : nil }

  private var peekTouching: FilterToken? {
    position < tokens.count && tokens[position].touchesPrevious ? tokens[position].token : nil
  }

  private var isQuotedNext: Bool {
    switch peekTouching {
    case .doubleQuoted, .backticked, .singleQuoted: true
    default: false
    }
  }

  private mutating func take() -> FilterToken? {
    guard position < tokens.count else { return nil }
    defer { position += 1 }
    return tokens[position].token
  }

  private mutating func takeKeyword(_ keyword: String) -> Bool {
    guard case .word(let word) = peek, word.uppercased() == keyword else { return false }
    position += 1
    return true
  }

  private func invalidClause(_ token: FilterToken) -> MartletError {
    .invalidInput("Invalid clause(s) in filter string: '\(clip(token))'")
  }

  private func clip(_ token: FilterToken) -> String { String(token.written.prefix(120)) }
}

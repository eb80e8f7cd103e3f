import MartletCore

extension ScoringConfiguration {
  /// Refuses a configuration that could not be served, before anything is loaded.
  func validate() throws {
    try refuseDuplicates(endpoints.map(\.name.text), "endpoint")
    try refuseDuplicates(tables.map(\.name), "online table")
    for table in tables {
      guard !table.entity.isEmpty else {
        throw MartletError.invalidInput("the online table '\(table.name)' has no entity columns")
      }
      try refuseDuplicates(table.columns.map(\.name), "column of the online table '\(table.name)'")
    }
    for endpoint in endpoints { try validate(endpoint) }
  }

  private func validate(_ endpoint: Endpoint) throws {
    let name = endpoint.name
    guard EndpointPath.isValid(name.text) else {
      throw MartletError.invalidInput(
        "'\(name.text.prefix(60))' cannot be an endpoint's name",
        fix: "use up to 100 letters, digits, '.', '_' and '-', starting with a letter or digit")
    }
    guard endpoint.variants.count(where: { $0.role == .champion }) == 1 else {
      throw MartletError.invalidInput("the endpoint '\(name)' needs exactly one champion")
    }
    try refuseDuplicates(endpoint.variants.map(\.modelVersion.description), "version at the endpoint '\(name)'")
    let challenged = endpoint.variants.filter { $0.role == .challenger }.reduce(0) { $0 + $1.share }
    guard endpoint.variants.allSatisfy({ (0...1).contains($0.share) }), challenged <= 1 + 1e-9 else {
      throw MartletError.invalidInput("the shares of the endpoint '\(name)' are not between 0 and 1, or sum to more")
    }
    guard (0...1).contains(endpoint.log.share) else {
      throw MartletError.invalidInput("the log share of the endpoint '\(name)' is not between 0 and 1")
    }
    for join in endpoint.features { try validate(join, of: endpoint) }
    try refuseDuplicates(endpoint.features.flatMap(\.values), "online feature of the endpoint '\(name)'")
  }

  private func validate(_ join: FeatureJoin, of endpoint: Endpoint) throws {
    guard let table = tables.first(where: { $0.name == join.view }) else {
      throw MartletError.invalidInput(
        "the endpoint '\(endpoint.name)' joins '\(join.view)', which is not an online table"
          + didYouMean(join.view, among: tables.map(\.name)))
    }
    guard join.entity.count == table.entity.count else {
      throw MartletError.invalidInput(
        "the endpoint '\(endpoint.name)' joins '\(join.view)' by \(join.entity.count) columns; its key has "
          + "\(table.entity.count)")
    }
    let names = table.columns.map(\.name)
    for value in join.values where !names.contains(value) {
      throw MartletError.invalidInput(
        "the online table '\(table.name)' has no column '\(value)'\(didYouMean(value, among: names))")
    }
    if let ttl = join.ttlMilliseconds, ttl <= 0 {
      throw MartletError.invalidInput("the time to live of '\(join.view)' is not positive")
    }
  }

  private func refuseDuplicates(_ names: [String], _ noun: String) throws {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw MartletError.invalidInput("the \(noun) '\(name)' stands twice in the configuration")
    }
  }
}

/// Names that may stand in a path without escaping.
enum EndpointPath {
  static func isValid(_ name: String) -> Bool {
    guard let first = name.utf8.first, name.utf8.count <= 100, isAlphanumeric(first) else { return false }
    return name.utf8.allSatisfy {
      isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
}

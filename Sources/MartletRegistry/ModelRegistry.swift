package import MartletCore
import MartletLedger
package import MartletStore

/// Registered models and their versions.
///
/// Every change is written to the ledger in the same transaction. What a version holds never changes.
package struct ModelRegistry: Sendable {
  let database: any Database
  let clock: WallClock

  package init(database: any Database, clock: WallClock = .system) {
    self.database = database
    self.clock = clock
  }

  // MARK: Models

  /// What else is written in the transaction of a change.
  package typealias Alongside = @Sendable (any SQLConnection, Timestamp) throws -> Void

  /// - Throws: `.alreadyExists` when the name is taken.
  package func createModel(
    _ name: ModelName, description: String? = nil, tags: [String: String] = [:], by author: Author,
    alongside: @escaping Alongside = { _, _ in }
  ) async throws -> RegisteredModel {
    try ModelRules.checkName(name)
    try ModelRules.checkDescription(description)
    for (key, value) in tags { try ModelRules.checkTag(key, value) }
    let after = Self.created(description: description, tags: tags)
    return try await change("model.created", "model:\(name)", after: after, by: author) { connection, now in
      guard try ModelStore.insert(name, description: description, by: author, at: now, in: connection) else {
        throw MartletError(.alreadyExists, "Registered Model (name=\(name)) already exists.")
      }
      for (key, value) in tags { try ModelStore.setTag(key, value, on: name, in: connection) }
      try alongside(connection, now)
      return try ModelStore.get(name, in: connection)
    }
  }

  /// - Throws: `.notFound`, naming the model.
  package func model(_ name: ModelName) async throws -> RegisteredModel {
    try await database.read { try ModelStore.get(name, in: $0) }
  }

  package func renameModel(
    _ name: ModelName, to other: ModelName, by author: Author, alongside: @escaping Alongside = { _, _ in }
  ) async throws -> RegisteredModel {
    try ModelRules.checkName(other)
    let after: JSON = ["name": .string(other.text)]
    return try await change("model.renamed", "model:\(name)", after: after, by: author) { connection, now in
      try ModelStore.demand(name, in: connection)
      guard try other == name || !ModelStore.exists(other, in: connection) else {
        throw MartletError(.alreadyExists, "Registered Model (name=\(other)) already exists.")
      }
      try ModelStore.rename(name, to: other, at: now, in: connection)
      try alongside(connection, now)
      return try ModelStore.get(other, in: connection)
    }
  }

  package func describeModel(_ name: ModelName, as text: String?, by author: Author) async throws -> RegisteredModel {
    try ModelRules.checkDescription(text)
    return try await change("model.described", "model:\(name)", by: author) { connection, now in
      try ModelStore.demand(name, in: connection)
      try ModelStore.describe(name, as: text, at: now, in: connection)
      return try ModelStore.get(name, in: connection)
    }
  }

  /// Deletes the model with all its versions; the ledger keeps that they were.
  package func deleteModel(
    _ name: ModelName, by author: Author, alongside: @escaping Alongside = { _, _ in }
  ) async throws {
    try await change("model.deleted", "model:\(name)", by: author) { connection, now in
      try ModelStore.demand(name, in: connection)
      try ModelStore.delete(name, in: connection)
      try alongside(connection, now)
    }
  }

  package func setTag(_ key: String, _ value: String, on name: ModelName, by author: Author) async throws {
    try ModelRules.checkTag(key, value)
    let after: JSON = ["key": .string(key), "value": .string(value)]
    try await change("model.tag.set", "model:\(name)", after: after, of: name, by: author) { connection, now in
      try ModelStore.demand(name, in: connection)
      try ModelStore.setTag(key, value, on: name, in: connection)
      try ModelStore.touch(name, at: now, in: connection)
    }
  }

  package func deleteTag(_ key: String, of name: ModelName, by author: Author) async throws {
    try await change("model.tag.removed", "model:\(name)", before: ["key": .string(key)], of: name, by: author) {
      connection, now in
      try ModelStore.demand(name, in: connection)
      try ModelStore.deleteTag(key, of: name, in: connection)
      try ModelStore.touch(name, at: now, in: connection)
    }
  }

  /// - Parameters:
  ///   - filter: MLflow's grammar over name and tags. Prompts are left out unless the filter asks for them.
  ///   - limit: 1 … 1000
  ///   - visibility: what may be found; the rest is as if it were not there.
  package func searchModels(
    filter: String? = nil, orderBy: [String] = [], limit: Int = 100, pageToken: String? = nil,
    visibility: Visibility = .everything
  ) async throws -> Page<RegisteredModel> {
    try Self.checkLimit(limit, atMost: 1000)
    let clauses = try ModelStore.grammar.parse(filter)
    let orders = try ModelStore.grammar.parseOrders(orderBy)
    let offset = try PageToken(pageToken).offset
    let found = try await database.read {
      try ModelStore.search(
        clauses, orders: orders, visibility: visibility, limit: limit + 1, offset: offset, in: $0)
    }
    return Self.page(found, limit: limit, offset: offset)
  }

  // MARK: Shared

  /// What the ledger keeps of a new model; webhooks are told it.
  static func created(description: String?, tags: [String: String]) -> JSON {
    [
      "description": .string(description ?? ""), "tags": .object(tags.mapValues(JSON.string)),
      "prompt": .boolean(PromptFilter.isPrompt(tags)),
    ]
  }

  /// One transaction that changes something and says so in the ledger.
  ///
  /// - Parameter model: whose tag or alias is changed: the entry then says whether it is a prompt.
  @discardableResult
  func change<Value: Sendable>(
    _ action: String, _ object: String, before: JSON? = nil, after: JSON? = nil, of model: ModelName? = nil,
    by author: Author,
    _ body: @escaping @Sendable (any SQLConnection, Timestamp) throws -> Value
  ) async throws -> Value {
    let now = clock.now
    return try await database.write { connection in
      let value = try body(connection, now)
      var (before, after) = (before, after)
      if let model {
        let isPrompt = try ModelStore.isPrompt(model, in: connection)
        before = before?.adding("prompt", .boolean(isPrompt))
        after = after?.adding("prompt", .boolean(isPrompt))
      }
      try Ledger.append(
        LedgerEntry(action: action, object: object, before: before, after: after, reason: nil), by: author, at: now,
        in: connection)
      return value
    }
  }

  static func checkLimit(_ limit: Int, atMost most: Int) throws {
    guard limit > 0 else {
      throw MartletError.invalidInput(
        "Invalid value for max_results. It must be a positive integer, but got \(limit)")
    }
    guard limit <= most else {
      throw MartletError.invalidInput(
        "Invalid value for request parameter max_results. It must be at most \(most), but got value \(limit)")
    }
  }

  static func page<Item: Sendable>(_ found: [Item], limit: Int, offset: Int) -> Page<Item> {
    found.count > limit
      ? Page(Array(found.prefix(limit)), nextToken: PageToken(offset: offset + limit).text) : Page(found)
  }
}

extension JSON {
  /// An object with one member more.
  fileprivate func adding(_ name: String, _ value: JSON) -> JSON {
    guard case .object(var members) = self else { return self }
    members[name] = value
    return .object(members)
  }
}

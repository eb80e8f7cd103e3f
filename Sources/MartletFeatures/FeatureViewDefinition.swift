package import MartletCore

/// What a project file says about one feature view: SQL over datasets, and by what and when its rows are looked up.
///
/// The SQL reads datasets by their names and returns the entity columns, the timestamp column (when the values became
/// known) and the values. It must compute each row from rows known at that row's timestamp, and from no more than
/// `lookback` minus `ttl` of history, so that serving, which only reads `lookback`, gets the same values as training.
package struct FeatureViewDefinition: Sendable, Hashable, Codable {
  package var name: String
  package var entity: [String]
  /// When the values became known; nil for a static view, whose rows hold at any time.
  package var timestamp: String?
  package var sql: String
  /// Values older than this are missing rather than stale; nil keeps them for ever.
  package var ttl: WrittenDuration?
  /// How much history one refresh reads; nil reads everything.
  package var lookback: WrittenDuration?
  /// Kept in the online table for serving.
  package var online: Bool
  package var description: String?
  package var owner: String?

  package init(
    name: String, entity: [String], timestamp: String? = nil, sql: String, ttl: Duration? = nil,
    lookback: Duration? = nil,
    online: Bool = false
  ) {
    self.name = name
    self.entity = entity
    self.timestamp = timestamp
    self.sql = sql
    self.ttl = ttl.map(WrittenDuration.init)
    self.lookback = lookback.map(WrittenDuration.init)
    self.online = online
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case name, entity, timestamp, sql, ttl, lookback, online, description, owner
  }

  package init(from decoder: any Decoder) throws {
    try decoder.allowOnly(CodingKeys.allCases.map(\.rawValue), in: "a feature view")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
    if let single = try? container.decode(String.self, forKey: .entity) {
      entity = [single]
    } else {
      entity = try container.decode([String].self, forKey: .entity)
    }
    timestamp = try container.decodeIfPresent(String.self, forKey: .timestamp)
    sql = try container.decode(String.self, forKey: .sql)
    ttl = try container.decodeIfPresent(WrittenDuration.self, forKey: .ttl)
    lookback = try container.decodeIfPresent(WrittenDuration.self, forKey: .lookback)
    online = try container.decodeIfPresent(Bool.self, forKey: .online) ?? false
    description = try container.decodeIfPresent(String.self, forKey: .description)
    owner = try container.decodeIfPresent(String.self, forKey: .owner)
  }

  /// The definition with its SQL read from the project's file, where it names one (`sql/weather.sql`).
  package func resolvingFiles(_ read: (String) throws -> String) throws -> FeatureViewDefinition {
    guard sql.hasSuffix(".sql"), !sql.contains(where: \.isNewline), !sql.contains(" ") else { return self }
    var resolved = self
    resolved.sql = try read(sql)
    return resolved
  }

  /// What cannot work is refused when it is defined, not when it is needed.
  func check() throws {
    guard !name.isEmpty else { throw MartletError.invalidInput("a feature view has no name") }
    guard !entity.isEmpty else {
      throw MartletError.invalidInput(
        "the feature view '\(name)' has no entity", fix: "name the columns that its rows are looked up by")
    }
    guard sql.contains(where: { !$0.isWhitespace }) else {
      throw MartletError.invalidInput("the SQL of the feature view '\(name)' is empty")
    }
    if timestamp == nil, ttl != nil || lookback != nil {
      throw MartletError.invalidInput(
        "the feature view '\(name)' has a ttl or lookback but no timestamp",
        fix: "name the column that says when values became known")
    }
    if let lookback, let ttl, lookback.duration < ttl.duration {
      throw MartletError.invalidInput(
        "the lookback \(lookback) of the feature view '\(name)' is shorter than its ttl \(ttl)",
        fix: "make the lookback the ttl plus the longest window in the SQL")
    }
    if lookback != nil, ttl == nil {
      throw MartletError.invalidInput(
        "the feature view '\(name)' has a lookback but no ttl",
        fix: "give a ttl: serving cannot know values older than the lookback")
    }
  }
}

/// A feature view as the catalog knows it.
package struct FeatureView: Sendable, Hashable, Codable {
  package var project: ProjectName
  package var definition: FeatureViewDefinition
  /// SHA-256 of the definition.
  package var version: Digest
  package var createdAt: Timestamp
  package var updatedAt: Timestamp
  /// Up to when the online table is complete; nil before the first refresh.
  package var refreshedTo: Timestamp?

  package var name: String { definition.name }
}

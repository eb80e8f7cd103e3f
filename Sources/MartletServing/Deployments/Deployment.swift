package import MartletCore

/// One attempt to bring a version live.
package struct Deployment: Sendable, Hashable, Codable {
  package enum Status: String, Sendable, Hashable, Codable {
    case underWay = "under_way"
    case promoted
    case rolledBack = "rolled_back"
  }

  package var id: DeploymentID
  package var endpoint: EndpointName
  package var version: ModelVersionID
  /// The champion it was to replace, such as `flight-delay@2`.
  package var former: String?
  package var strategy: EndpointDefinition.Strategy
  package var status: Status
  package var rung: Int
  /// The share of the traffic it has now, or had at the end.
  package var share: Double
  /// Why it ended as it did.
  package var reason: String?
  package var author: String
  package var startedAt: Timestamp
  package var endedAt: Timestamp?
}

/// An endpoint with its definition and what is live on it.
package struct DeployedEndpoint: Sendable, Hashable, Codable {
  package var definition: EndpointDefinition
  package var rollout: Rollout
  package var changedAt: Timestamp

  /// The variants with their shares of the traffic, as the scoring plane is to have them.
  package var variants: [ScoringConfiguration.Variant] {
    guard let champion = rollout.champion else { return [] }
    let rungs = definition.rungs
    let share = rollout.challenger != nil && rollout.rung < rungs.count ? rungs[rollout.rung] : 0
    let leading = ScoringConfiguration.Variant(
      modelVersion: champion.modelVersion, packageFolder: champion.packageFolder, share: 1 - share, role: .champion)
    guard let challenger = rollout.challenger else { return [leading] }
    return [
      leading,
      ScoringConfiguration.Variant(
        modelVersion: challenger.modelVersion, packageFolder: challenger.packageFolder, share: share,
        role: definition.strategy == .shadow ? .shadow : .challenger),
    ]
  }

  /// The endpoint as the scoring plane is to have it; nil before anything is live.
  func configured() -> (endpoint: ScoringConfiguration.Endpoint, tables: [OnlineTableDefinition])? {
    guard !variants.isEmpty else { return nil }
    let versions = [rollout.champion, rollout.challenger].compactMap(\.self)
    let (features, tables) = Self.merged(versions)
    let endpoint = ScoringConfiguration.Endpoint(
      name: definition.name, project: definition.project, variants: variants, features: features, log: definition.log,
      epoch: rollout.epoch)
    return (endpoint, tables)
  }

  /// The features of all versions; where two know a view differently, the newer version's key and age limit count
  /// and the columns of both are joined.
  private static func merged(_ versions: [DeployableVersion]) -> (
    [ScoringConfiguration.FeatureJoin], [OnlineTableDefinition]
  ) {
    var features: [ScoringConfiguration.FeatureJoin] = []
    for join in versions.flatMap(\.features) {
      if let place = features.firstIndex(where: { $0.view == join.view }) {
        let others = features[place].values.filter { !join.values.contains($0) }
        features[place] = join
        features[place].values += others
      } else {
        features.append(join)
      }
    }
    return (features, mergedTables(versions.flatMap(\.tables)))
  }

  static func mergedTables(_ all: [OnlineTableDefinition]) -> [OnlineTableDefinition] {
    var tables: [OnlineTableDefinition] = []
    for table in all {
      if let place = tables.firstIndex(where: { $0.name == table.name }) {
        let others = tables[place].columns.filter { column in !table.columns.contains { $0.name == column.name } }
        tables[place] = table
        tables[place].columns += others
      } else {
        tables.append(table)
      }
    }
    return tables
  }
}

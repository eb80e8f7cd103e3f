import Foundation
import MartletArtifacts
package import MartletCore
package import MartletData
import MartletLedger
import MartletStore

/// All feature views: what they are, training sets made with them, and their rows for serving.
package struct FeatureCatalog: Sendable {
  package let data: DataCatalog
  let clock: WallClock
  /// Where training sets are worked on before they are stored.
  let work: String
  let online = OnlineCache()

  package init(data: DataCatalog, clock: WallClock = .system, work: String = NSTemporaryDirectory()) {
    self.data = data
    self.clock = clock
    self.work = work
  }

  /// Makes the view, or a new version of it. A new version empties the online table: its rows meant something else.
  @discardableResult
  package func define(
    _ project: ProjectName, _ definition: FeatureViewDefinition, by author: Author, at eventTime: Timestamp
  )
    async throws -> FeatureView
  {
    try definition.check()
    let version = try await data.artifacts.put(bytes: try JSON(encoding: definition).bytes).digest
    let now = clock.now
    let view = try await data.database.write { connection in
      let before = try FeatureViewStore.find(project, definition.name, connection)
      if let before, before.version == version { return before }
      let view = FeatureView(
        project: project, definition: definition, version: version, createdAt: before?.createdAt ?? now, updatedAt: now)
      try FeatureViewStore.save(view, by: author, connection)
      try OnlineRowStore.deleteAll(project, definition.name, connection)
      try Ledger.append(
        LedgerEntry(
          action: "feature.view.defined", object: "feature:\(project)/\(definition.name)",
          before: before.map { .object(["version": .string($0.version.hex)]) },
          after: .object(["version": .string(version.hex)]), reason: nil),
        by: author, at: eventTime, in: connection)
      return view
    }
    return view
  }

  /// All views of a project, or of all projects.
  package func views(of project: ProjectName? = nil) async throws -> [FeatureView] {
    try await data.database.read { try FeatureViewStore.list(project, $0) }
  }

  /// One view; an unknown name is 'not found' with a suggestion.
  package func view(_ project: ProjectName, _ name: String) async throws -> FeatureView {
    try await data.database.read { try FeatureViewStore.get(project, name, $0) }
  }

  /// The datasets that a view's SQL reads.
  package func inputs(of view: FeatureView) async throws -> [DatasetKey] {
    let words = SQLNames.words(in: view.definition.sql)
    return try await data.datasets(of: view.project).map(\.key).filter { words.contains($0.name.text.lowercased()) }
  }

  /// How current each view's online table is.
  package func freshness(of project: ProjectName) async throws -> [ViewFreshness] {
    try await data.database.read { connection in
      let tables = try OnlineRowStore.freshness(project, connection)
      return try FeatureViewStore.list(project, connection).filter(\.definition.online).map { view in
        ViewFreshness(
          view: view.name, rows: tables[view.name]?.rows ?? 0, latest: tables[view.name]?.latest,
          refreshedTo: view.refreshedTo, ttl: view.definition.ttl)
      }
    }
  }
}

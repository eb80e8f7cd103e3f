import MartletArtifacts
package import MartletCore
import MartletData
package import MartletJobs
import MartletStore
import Synchronization

extension FeatureCatalog {
  /// Brings online tables up to an instant and returns the rows that became known since, for the scoring plane.
  ///
  /// - Parameters:
  ///   - dataset: only views that read this dataset; nil refreshes all online views.
  ///   - earliest: the earliest time of rows that are new, when it may lie before the last refresh.
  ///   - time: nothing that became known later is used.
  package func refresh(
    _ project: ProjectName, reading dataset: DatasetName? = nil, newSince earliest: Timestamp? = nil,
    upTo time: Timestamp, limits: JobLimits = .standard
  ) async throws -> [OnlineTable] {
    let views = try await views(of: project).filter(\.definition.online)
    let known = try await data.datasets(of: project)
    // A view whose datasets have nothing yet has nothing to show.
    let ready = views.filter { view in
      let words = SQLNames.words(in: view.definition.sql)
      let inputs = known.filter { words.contains($0.key.name.text.lowercased()) }
      return inputs.allSatisfy { $0.contract != nil || $0.definition.schema != .inferred }
        && (dataset.map { name in inputs.contains { $0.key.name == name } } ?? true)
    }
    return try await refresh(ready, newSince: earliest, upTo: time, limits: limits)
  }

  /// Rows that came and went longer ago are not sent: no request asks for them.
  private static let longestPast = Duration.seconds(86_400)

  /// Brings the online tables of these views of one project up to an instant and returns the rows that became known since.
  private func refresh(
    _ views: [FeatureView], newSince earliest: Timestamp? = nil, upTo time: Timestamp, limits: JobLimits = .standard
  ) async throws -> [OnlineTable] {
    guard !views.isEmpty else { return [] }
    let before = earliest.map { $0 - .milliseconds(1) }
    let since = Dictionary(
      views.compactMap { view in
        view.refreshedTo.map { (view.name, max(min($0, before ?? $0), time - Self.longestPast)) }
      }
    ) { $1 }
    var tables: [OnlineTable] = []
    for (view, computed) in zip(views, try await compute(views, since: since, upTo: time, limits: limits)) {
      if let table = try await store(computed, view, upTo: time) { tables.append(table) }
    }
    return tables
  }

  /// Runs the SQL of one project's views in a job; the outcomes are in the order of the views.
  private func compute(
    _ views: [FeatureView], since: [String: Timestamp], upTo time: Timestamp, limits: JobLimits = .standard
  ) async throws -> [RefreshOutcome.View] {
    guard let project = views.first?.project else { return [] }
    let arguments = RefreshArguments(
      project: project, views: views.map { ViewQuery($0.definition) },
      datasets: try await snapshots(of: views, since: since, upTo: time), upTo: time, since: since,
      root: data.artifacts.root)
    return try await data.jobs.run(
      "features.refresh", arguments, limits: limits, lane: .prompt, returning: RefreshOutcome.self
    ).views
  }

  /// What each dataset must show: the rows of the longest lookback among the views that read it.
  private func snapshots(of views: [FeatureView], since: [String: Timestamp], upTo time: Timestamp) async throws
    -> [DatasetSnapshot]
  {
    var bounds: [DatasetKey: ClosedRange<Timestamp>] = [:]
    for view in views {
      let own = ViewQuery(view.definition).bounds(since: since[view.name], upTo: time)
      for key in try await inputs(of: view) {
        bounds[key] = min(bounds[key]?.lowerBound ?? own.lowerBound, own.lowerBound)...time
      }
    }
    var snapshots: [DatasetSnapshot] = []
    for (key, range) in bounds.sorted(by: { $0.key.name < $1.key.name }) {
      snapshots.append(try await data.snapshot(key, overlapping: range))
    }
    return snapshots
  }

  /// Writes the rows that changed; nil when a newer refresh was there first.
  private func store(_ computed: RefreshOutcome.View, _ view: FeatureView, upTo time: Timestamp) async throws
    -> OnlineTable?
  {
    let before = try await onlineRows(view)
    let changed = computed.latest.filter { before[$0.entity] != $0 }
    let done = try await data.database.write { connection in
      guard try FeatureViewStore.markRefreshed(view, to: time, connection) else { return false }
      for row in changed { try OnlineRowStore.upsert(row, view.project, view.name, connection) }
      return true
    }
    guard done else {
      online.forget(view)
      return nil
    }
    online.add(changed, to: view)
    return table(view, columns: computed.columns, rows: computed.passed + changed, isComplete: false)
  }

  private func onlineRows(_ view: FeatureView) async throws -> [[JSON]: OnlineRow] {
    if let rows = online.rows(of: view) { return rows }
    let stored = try await data.database.read { try OnlineRowStore.all(view.project, view.name, $0) }
    let rows = Dictionary(stored.map { ($0.entity, $0) }) { $1 }
    online.keep(rows, of: view)
    return rows
  }

  private func table(_ view: FeatureView, columns: [String], rows: [OnlineRow], isComplete: Bool) -> OnlineTable {
    OnlineTable(
      project: view.project, view: view.name, version: view.version, entity: view.definition.entity, columns: columns,
      ttl: view.definition.ttl, rows: rows, isComplete: isComplete)
  }

  /// All rows of a view's online table and those of the day before, for a scoring plane that starts or lost track.
  package func onlineTable(_ project: ProjectName, _ name: String) async throws -> OnlineTable {
    let view = try await view(project, name)
    let latest = try await onlineRows(view).values.sorted { JSON.array($0.entity).text < JSON.array($1.entity).text }
    let past = try await pastDay(of: view)
    return table(view, columns: past?.columns ?? [], rows: (past?.passed ?? []) + latest, isComplete: true)
  }

  /// The view computed anew for its last refresh, with the rows that came and went in the day before it; nil for a view
  /// that was never refreshed.
  private func pastDay(of view: FeatureView) async throws -> RefreshOutcome.View? {
    guard let time = view.refreshedTo else { return nil }
    return try await compute([view], since: [view.name: time - Self.longestPast], upTo: time).first
  }
}

/// The online rows as the database has them, so that a refresh writes only what changed.
final class OnlineCache: Sendable {
  private let tables = Mutex<[String: [[JSON]: OnlineRow]]>([:])

  private func name(_ view: FeatureView) -> String { "\(view.project)/\(view.name)@\(view.version)" }

  func rows(of view: FeatureView) -> [[JSON]: OnlineRow]? { tables.withLock { $0[name(view)] } }

  func keep(_ rows: [[JSON]: OnlineRow], of view: FeatureView) {
    tables.withLock { $0[name(view)] = rows }
  }

  func add(_ rows: [OnlineRow], to view: FeatureView) {
    tables.withLock { tables in
      guard tables[name(view)] != nil else { return }
      for row in rows { tables[name(view)]?[row.entity] = row }
    }
  }

  func forget(_ view: FeatureView) { tables.withLock { $0[name(view)] = nil } }
}

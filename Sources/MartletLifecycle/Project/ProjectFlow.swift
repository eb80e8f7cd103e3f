package import MartletCore
package import MartletGoals
import MartletLedger
import MartletMonitoring
import MartletPipelines
import MartletServing

/// How work flows in one project, read from the ledger.
package struct ProjectFlow: Sendable {
  let platform: Platform
  /// The newest entries that are looked at; older ones are left out.
  static let mostEntries = 100_000

  package init(platform: Platform) { self.platform = platform }

  /// The measures of the time from `from` (nil: the first record) to the project's present.
  package func measures(of project: ProjectName, from: Timestamp? = nil) async throws -> FlowMeasures {
    let now = try await platform.now(of: project)
    let own = try await own(project)
    let entries = try await entries(own)
    let first = entries.filter { own.isCertain($0.object) }.map(\.at).min()
    return FlowMeasures(entries: entries, from: from ?? first ?? now, to: now)
  }

  private func entries(_ own: Own) async throws -> [FlowEntry] {
    let filter = LedgerFilter(
      actions: [
        "dataset.version.committed", "dataset.partition.quarantined", "pipeline.started", "model.version.registered",
        "deployment.*", "alert.*",
      ], newestFirst: true)
    var entries: [FlowEntry] = []
    var (seen, token): (Int, String?) = (0, nil)
    repeat {
      let page = try await platform.ledger.entries(matching: filter, limit: 1000, after: token)
      entries += page.items.filter { own.contains($0.entry.object) }.map { FlowEntry($0.entry, at: $0.time) }
      seen += page.items.count
      token = page.nextToken
    } while token != nil && seen < Self.mostEntries
    return entries
  }

  /// What the ledger calls the project's own things. Versions and runs are reached through promotions, and never twice.
  private struct Own {
    var datasets: String
    var objects: Set<String>

    func isCertain(_ object: String) -> Bool { object.hasPrefix(datasets) || objects.contains(object) }

    func contains(_ object: String) -> Bool {
      isCertain(object) || object.hasPrefix("pipeline:") || object.hasPrefix("model:")
    }
  }

  private func own(_ project: ProjectName) async throws -> Own {
    let alerts = try await platform.alerts.alerts(project: project, limit: 10_000).map { "alert:\($0.id)" }
    let endpoints = try await platform.deployments.endpoints().filter { $0.definition.project == project }
      .map { "endpoint:\($0.definition.name)" }
    return Own(datasets: "dataset:\(project)/", objects: Set(alerts + endpoints))
  }
}

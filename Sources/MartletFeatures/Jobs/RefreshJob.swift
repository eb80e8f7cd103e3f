import MartletCore
import MartletData
import MartletEngines
package import MartletJobs

/// What `features.refresh` is given.
struct RefreshArguments: Sendable, Codable {
  var project: ProjectName
  var views: [ViewQuery]
  /// The datasets that the views read, with the files that have rows in the lookback.
  var datasets: [DatasetSnapshot]
  var upTo: Timestamp
  /// By view: the instant that its last refresh reached.
  var since: [String: Timestamp]
  /// The folder that all files are in.
  var root: String
}

/// What `features.refresh` returns.
struct RefreshOutcome: Sendable, Codable {
  struct View: Sendable, Codable {
    var name: String
    var columns: [String]
    /// The latest row of each entity.
    var latest: [OnlineRow]
    /// Rows that became known since the last refresh and were followed by a later one.
    var passed: [OnlineRow]
  }

  var views: [View]
}

/// Computes views for serving, from the rows of the lookback: the latest row of each entity, and those that came and went
/// since the last refresh, so that a request is joined with what was known at its own time.
package enum RefreshJob {
  package static let handler = JobHandler("features.refresh") { (arguments: RefreshArguments, context: JobContext) in
    try WarmTables.with(project: arguments.project, engines: context.engines, folders: [arguments.root]) { tables in
      RefreshOutcome(views: try arguments.views.map { try refresh($0, arguments, tables) })
    }
  }

  private static func refresh(_ view: ViewQuery, _ arguments: RefreshArguments, _ tables: WarmTables) throws
    -> RefreshOutcome.View
  {
    let words = SQLNames.words(in: view.sql)
    for dataset in arguments.datasets where words.contains(dataset.dataset.name.text.lowercased()) {
      try tables.show(dataset, within: view.bounds(since: arguments.since[view.name], upTo: arguments.upTo))
    }
    let (checked, values) = try tables.prepared(view)
    let frame = try tables.database.query(
      checked.changes(values, since: arguments.since[view.name], at: arguments.upTo))
    let entity = try view.entity.map(frame.column)
    let columns = try values.map(frame.column)
    var times: [Int64?]?
    if let timestamp = view.timestamp, case .time(let known) = try frame.column(timestamp) { times = known }
    let rows = (0..<frame.rowCount).map { row in
      OnlineRow(
        entity: entity.map { $0.json(at: row) }, timestamp: times?[row].map(Timestamp.init(milliseconds:)),
        values: columns.map { $0.json(at: row) })
    }
    let isLatest = rows.indices.map { $0 + 1 == rows.count || rows[$0].entity != rows[$0 + 1].entity }
    return RefreshOutcome.View(
      name: view.name, columns: values, latest: zip(rows, isLatest).filter(\.1).map(\.0),
      passed: zip(rows, isLatest).filter { !$1 }.map(\.0))
  }
}

extension ViewQuery {
  /// The rows of its datasets that a refresh reads, both ends included as the time-to-live is: the look-back before the
  /// oldest row that is of use.
  func bounds(since: Timestamp?, upTo now: Timestamp) -> ClosedRange<Timestamp> {
    guard let lookback else { return Timestamp(milliseconds: -62_135_596_800_000)...now }
    let window = lookback - (ttl ?? 0)
    let oldest = oldest(since: since, at: now) ?? min(since ?? now, now)
    return Timestamp(milliseconds: oldest.milliseconds - max(0, window))...now
  }
}

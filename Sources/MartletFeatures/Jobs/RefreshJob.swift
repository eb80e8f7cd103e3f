import MartletCore
import MartletData
import MartletEngines
package import MartletJobs

/// What `features.refresh` is given.
struct RefreshArguments: Sendable, Codable {
  var views: [ViewQuery]
  /// The datasets that the views read, with the files that have rows in the lookback.
  var datasets: [DatasetSnapshot]
  var upTo: Timestamp
  /// The folder that all files are in.
  var root: String
}

/// What `features.refresh` returns: for each view its latest rows.
struct RefreshOutcome: Sendable, Codable {
  struct View: Sendable, Codable {
    var name: String
    var columns: [String]
    var rows: [OnlineRow]
  }

  var views: [View]
}

/// Computes views for serving: the latest row of each entity from the rows of the lookback.
package enum RefreshJob {
  package static let handler = JobHandler("features.refresh") { (arguments: RefreshArguments, context: JobContext) in
    try WarmTables.with(engines: context.engines, folders: [arguments.root]) { tables in
      RefreshOutcome(views: try arguments.views.map { try refresh($0, arguments, tables) })
    }
  }

  private static func refresh(_ view: ViewQuery, _ arguments: RefreshArguments, _ tables: WarmTables) throws
    -> RefreshOutcome.View
  {
    let words = SQLNames.words(in: view.sql)
    for dataset in arguments.datasets where words.contains(dataset.dataset.name.text.lowercased()) {
      try tables.show(dataset, within: view.bounds(upTo: arguments.upTo))
    }
    let (checked, values) = try tables.prepared(view)
    let frame = try tables.database.query(checked.latest(values, at: arguments.upTo))
    let entity = try view.entity.map(frame.column)
    let columns = try values.map(frame.column)
    var times: [Int64?]?
    if let timestamp = view.timestamp, case .time(let known) = try frame.column(timestamp) { times = known }
    let rows = (0..<frame.rowCount).map { row in
      OnlineRow(
        entity: entity.map { $0.json(at: row) }, timestamp: times?[row].map(Timestamp.init(milliseconds:)),
        values: columns.map { $0.json(at: row) })
    }
    return RefreshOutcome.View(name: view.name, columns: values, rows: rows)
  }
}

extension ViewQuery {
  /// The rows of its datasets that a refresh reads: both ends included, as the time-to-live is.
  func bounds(upTo now: Timestamp) -> ClosedRange<Timestamp> {
    let first =
      lookback.map { Timestamp(milliseconds: now.milliseconds - $0) } ?? Timestamp(milliseconds: -62_135_596_800_000)
    return first...now
  }
}

import MartletCore
import MartletStore

/// Points of many series at once, column by column.
extension MetricStore {
  /// Adds points to series of several runs and moves the latest values on. A point that exists already changes nothing.
  ///
  /// - Parameter runs: the rows of all runs that the series name.
  static func append(_ series: [ImportedSeries], to runs: [String: RunStore.Row], in connection: any SQLConnection)
    throws
  {
    let filled = series.compactMap { part in runs[part.run].map { (row: $0, series: part) } }
      .filter { $0.series.count > 0 }
    let places = filled.indices.flatMap { part in filled[part].series.values.indices.map { (part: part, point: $0) } }
    try addPoints.run(places.count, in: connection) { row, column in
      let place = places[row]
      return value(filled[place.part].series, place.point, of: filled[place.part].row.number, column: column)
    }
    try moveLatest(filled, in: connection)
  }

  private static func moveLatest(
    _ filled: [(row: RunStore.Row, series: ImportedSeries)], in connection: any SQLConnection
  ) throws {
    // A series may stand here in several parts; one statement moves a value once.
    var latest: [SeriesName: (part: Int, point: Int)] = [:]
    for (part, item) in filled.enumerated() {
      let (name, point) = (SeriesName(run: item.row.number, key: item.series.key), item.series.latest)
      if let known = latest[name], !item.series.isLater(point, than: known.point, of: filled[known.part].series) {
        continue
      }
      latest[name] = (part, point)
    }
    let experiments = try filled.map { SQLValue.integer(try ExperimentStore.number(of: $0.row.info.experiment)) }
    let rows = latest.sorted { $0.key < $1.key }.map(\.value)
    try moveLatest.run(rows.count, in: connection) { row, column in
      let (part, point) = rows[row]
      return column == pointColumns.count
        ? experiments[part] : value(filled[part].series, point, of: filled[part].row.number, column: column)
    }
  }

  /// A point's value for one of `pointColumns`.
  private static func value(_ series: ImportedSeries, _ point: Int, of run: Int64, column: Int) -> SQLValue {
    switch column {
    case 0: .integer(run)
    case 1: .text(series.key)
    case 2: .integer(series.timestamps[point])
    case 3: .integer(series.steps[point])
    case 4: .real(storedValue(series.values[point]))
    default: SQLValue(series.values[point].isNaN)
    }
  }
}

/// In order of run and key, so that concurrent batches lock rows in one order.
private struct SeriesName: Hashable, Comparable {
  var run: Int64
  var key: String

  static func < (one: SeriesName, other: SeriesName) -> Bool { (one.run, one.key) < (other.run, other.key) }
}

extension ImportedSeries {
  /// The place of its last point, in order of (step, timestamp, value).
  fileprivate var latest: Int {
    var latest = 0
    for point in values.indices.dropFirst() where isLater(point, than: latest, of: self) { latest = point }
    return latest
  }

  fileprivate func isLater(_ point: Int, than other: Int, of series: ImportedSeries) -> Bool {
    (steps[point], timestamps[point], MetricStore.storedValue(values[point]))
      > (series.steps[other], series.timestamps[other], MetricStore.storedValue(series.values[other]))
  }
}

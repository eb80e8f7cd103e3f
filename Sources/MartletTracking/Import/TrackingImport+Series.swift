import MartletCore
package import MartletStore

/// Metric points, most of what an import brings: checked by the series, written and counted many at a time.
extension TrackingImport {
  /// Adds points to their runs' series; those that are there already change nothing.
  package static func add(_ series: [ImportedSeries], in connection: any SQLConnection) throws {
    var runs: [String: RunStore.Row] = [:]
    for part in series {
      try check(part)
      if runs[part.run] == nil { runs[part.run] = try RunStore.get(RunID(part.run), in: connection) }
    }
    try MetricStore.append(series, to: runs, in: connection)
  }

  private static func check(_ series: ImportedSeries) throws {
    guard series.isEven else {
      throw MartletError.invalidInput(
        "the series '\(series.key.prefix(80))' has \(series.count) values, \(series.steps.count) steps and "
          + "\(series.timestamps.count) timestamps", fix: "send one of each for every point")
    }
    try KeyRules.check(series.key, at: "key", called: "Metric name")
    guard series.timestamps.min() ?? 0 >= 0 else {
      throw MartletError.invalidInput("a timestamp of the metric '\(series.key)' is negative")
    }
  }

  /// Counts every point of a run.
  static func tally(_ tally: inout TransferTally, pointsOf row: RunStore.Row, in connection: any SQLConnection) throws {
    var gatherer = SeriesGatherer()
    func count() { for series in gatherer.take() { tally.add(series) } }
    try connection.stream(
      "SELECT key, value, is_nan, timestamp, step FROM metrics WHERE run = ?", [.integer(row.number)]
    ) { point in
      gatherer.add(
        run: row.info.id.text, key: try point.text(0), step: try point.integer(4), timestamp: try point.integer(3),
        value: try point.boolean(2) ? .nan : try point.real(1))
      if gatherer.isFull { count() }
      return true
    }
    count()
  }
}

extension TransferTally {
  /// Counts metric points: the run and the key are hashed once for all of them.
  package mutating func add(_ series: ImportedSeries) {
    var name = RecordHash()
    name.add(series.run)
    name.add(series.key)
    var checksum: UInt64 = 0
    for index in 0..<series.count {
      var hash = name
      hash.add(Self.bits(series.values[index]))
      hash.add(UInt64(bitPattern: series.timestamps[index]))
      hash.add(UInt64(bitPattern: series.steps[index]))
      checksum &+= hash.value
    }
    add("metric points", count: Int64(series.count), checksum: checksum)
  }

  /// The bits of a number; zero has no sign here, and there is one NaN.
  static func bits(_ value: Double) -> UInt64 { value.isNaN ? .max : value == 0 ? 0 : value.bitPattern }
}

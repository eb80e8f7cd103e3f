import MartletCore
import MartletStore
import MartletTesting
import Testing

@testable import MartletTracking

private func series(_ run: String, _ key: String, _ points: [(step: Int64, time: Int64, value: Double)])
  -> ImportedSeries
{
  var series = ImportedSeries(run: run, key: key)
  for point in points { series.append(step: point.step, timestamp: point.time, value: point.value) }
  return series
}

@Suite("Series of an import") struct ImportedSeriesTests {
  /// With the ids of two runs.
  private func withTracker(
    _ kind: TestDatabase.Kind, _ body: (ExperimentTracker, any Database, String, String) async throws -> Void
  ) async throws {
    let database = try await kind.open()
    let tracker = ExperimentTracker(database: database, clock: .fixed(Timestamp(milliseconds: 1_700_000_000_000)))
    var runs: [String] = []
    for _ in 0..<2 {
      runs.append(try await tracker.createRun(NewRun(experiment: "0", startTime: 5), by: .martlet).id.text)
    }
    try await body(tracker, database, runs[0], runs[1])
    await database.close()
  }

  @Test("Points that come in turns are put together by run and key, and handed on once")
  func gathering() {
    var gatherer = SeriesGatherer()
    for step in 0..<3 {
      for (run, key) in [("a", "x"), ("a", "y"), ("b", "x")] {
        gatherer.add(run: run, key: key, step: Int64(step), timestamp: 5, value: Double(step))
      }
    }
    let taken = gatherer.take()
    #expect(taken.map { "\($0.run)\($0.key)" } == ["ax", "ay", "bx"] && taken.allSatisfy { $0.steps == [0, 1, 2] })
    #expect(gatherer.take().isEmpty && !gatherer.isFull)
    for step in 0..<SeriesGatherer.page { gatherer.add(run: "a", key: "x", step: Int64(step), timestamp: 0, value: 0) }
    #expect(gatherer.isFull)
  }

  @Test("A sum of points does not depend on their order, and shows whatever differs")
  func tallies() {
    func sum(_ parts: [ImportedSeries]) -> TransferTally.Line? {
      var tally = TransferTally()
      for part in parts { tally.add(part) }
      return tally.lines["metric points"]
    }
    let whole = sum([series("r", "k", [(1, 2, 0.5), (2, 3, .nan), (3, 4, -0.0)])])
    #expect(whole == sum([series("r", "k", [(3, 4, 0.0)]), series("r", "k", [(2, 3, .nan), (1, 2, 0.5)])]))
    #expect(whole?.count == 3)
    for other in [
      series("r", "k", [(1, 2, 0.5), (2, 3, .nan)]), series("r", "k", [(2, 1, 0.5), (2, 3, .nan), (3, 4, 0)]),
      series("r", "l", [(1, 2, 0.5), (2, 3, .nan), (3, 4, 0)]),
      series("s", "k", [(1, 2, 0.5), (2, 3, .nan), (3, 4, 0)]),
      series("r", "k", [(1, 2, -0.5), (2, 3, .nan), (3, 4, 0)]),
      series("r", "k", [(1, 3, 0.5), (2, 2, .nan), (3, 4, 0)]),
    ] { #expect(sum([other]) != whole) }
  }

  @Test("Parts of many series at once: every point once, and the latest value of each", arguments: TestDatabase.kinds)
  func writing(kind: TestDatabase.Kind) async throws {
    try await withTracker(kind) { tracker, database, one, two in
      let parts = [
        series(one, "loss", [(2, 9, 0.25), (1, 8, 0.5), (1, 8, 0.5)]), series(two, "loss", [(0, 1, .nan)]),
        series(one, "loss", [(3, 7, -.infinity), (2, 9, 0.25)]), series(one, "acc", []),
      ]
      for _ in 0..<2 { try await database.write { try TrackingImport.add(parts, in: $0) } }
      let history = try await tracker.metricHistory(RunID(one), key: "loss").items
      #expect(history.map(\.step) == [3, 1, 2] && history.map(\.value) == [-.infinity, 0.5, 0.25])
      #expect(try await tracker.run(RunID(one)).metrics.map(\.step) == [3])
      #expect(try await tracker.run(RunID(two)).metrics.first?.value.isNaN == true)
      let late = [series(one, "loss", [(1, 1, 9)])]
      try await database.write { try TrackingImport.add(late, in: $0) }
      #expect(try await tracker.run(RunID(one)).metrics.map(\.step) == [3], "an earlier step is not the latest")
    }
  }

  @Test("Columns of different lengths, bad names and negative times are refused")
  func refused() async throws {
    try await withTracker(.sqlite) { _, database, run, _ in
      let uneven = try JSON.parse(
        #"{"run": "\#(run)", "key": "k", "steps": [1], "timestamps": [1, 2], "values": [0.5, 1]}"#
      ).decode(ImportedSeries.self)
      for wrong in [
        uneven, series(run, "../k", [(1, 1, 1)]), series(run, "k", [(1, -1, 1)]), series("x", "k", [(1, 1, 1)]),
      ] {
        await #expect(throws: MartletError.self) {
          try await database.write { try TrackingImport.add([wrong], in: $0) }
        }
      }
    }
  }
}

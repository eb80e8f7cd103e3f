import Foundation
import MartletCore
import MartletEngines
import MartletJobs
import MartletStatistics
import MartletTesting
import Testing

@testable import MartletData
@testable import MartletFeatures

/// The example's data, where `make flights` has prepared it, and its feature views.
enum FlightsExample {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Examples/flights").path
  static var isPrepared: Bool { FileManager.default.fileExists(atPath: folder + "/build/flights/first_quarter.csv") }

  static func sql(_ name: String) throws -> String {
    try String(contentsOfFile: "\(folder)/sql/\(name).sql", encoding: .utf8)
  }

  static func views() throws -> [FeatureViewDefinition] {
    [
      FeatureViewDefinition(
        name: "airport_weather", entity: ["origin"], timestamp: "observed_at", sql: try sql("airport_weather"),
        ttl: .seconds(3 * 3600), lookback: .seconds(6 * 3600), online: true),
      FeatureViewDefinition(
        name: "origin_delays", entity: ["origin"], timestamp: "known_at", sql: try sql("origin_delays"),
        ttl: .seconds(6 * 3600), lookback: .seconds(12 * 3600), online: true),
      FeatureViewDefinition(
        name: "carrier_delays", entity: ["carrier"], timestamp: "known_at", sql: try sql("carrier_delays"),
        ttl: .seconds(6 * 3600), lookback: .seconds(12 * 3600), online: true),
    ]
  }

  static let flights = DatasetDefinition(
    key: ["flight_id"], partition: PartitionRule(by: .day, column: "flight_date"), time: "known_at")
  static let weather = DatasetDefinition(
    key: ["origin", "observed_at"], partition: PartitionRule(by: .day, column: "observed_date"), time: "observed_at")
}

@Suite("Training and serving see the same features", .enabled(if: FlightsExample.isPrepared))
struct FlightsParityTests {
  @Test("At many moments the online row equals the point-in-time join, on real flights and weather")
  func parity() async throws {
    let quarter = try FirstQuarter()
    var generator = SeededGenerator(seed: 7)
    let start = Timestamp(year: 2013, month: 1, day: 2).milliseconds
    let end = Timestamp(year: 2013, month: 3, day: 31).milliseconds
    let times = (0..<60).map { _ in Timestamp(milliseconds: Int64.random(in: start...end, using: &generator)) }
    let offline = try join(quarter, times)
    var compared = 0
    for time in times {
      for computed in try await quarter.refresh(time) {
        for row in computed.latest {
          let entity = row.entity[0].string ?? ""
          let expected = try #require(offline["\(computed.name)/\(entity)/\(time)"])
          #expect(
            zip(expected, row.values).allSatisfy(same) && expected.count == row.values.count,
            "\(computed.name) of \(entity) at \(time)")
          compared += 1
        }
        // What serving does not have, training must not have either.
        let present = Set(computed.latest.map { $0.entity[0].string ?? "" })
        for (key, values) in offline where key.hasPrefix("\(computed.name)/") && key.hasSuffix("/\(time)") {
          let entity = String(key.split(separator: "/")[1])
          if !present.contains(entity) { #expect(values.allSatisfy { $0 == .null }, "\(key)") }
        }
      }
    }
    #expect(compared > 500)
  }

  @Test("Rows that came and went between two refreshes are those that a refresh at their own moment would have given")
  func passed() async throws {
    let quarter = try FirstQuarter()
    let end = Timestamp(year: 2013, month: 2, day: 8) + .seconds(20 * 3600)
    let plain = try await quarter.refresh(end)
    for (position, view) in try await quarter.refresh(end, since: end - .seconds(7200)).enumerated() {
      #expect(view.latest.map(\.values) == plain[position].latest.map(\.values))
      let row = try #require(view.passed.first)
      let moment = try #require(row.timestamp)
      #expect(moment > end - .seconds(7200) && moment < end)
      let then = try await quarter.refresh(moment)[position].latest.first { $0.entity == row.entity }
      #expect(then?.values == row.values, "\(view.name) of \(row.entity) at \(moment)")
    }
  }

  /// 6 and 6.0 are the same number: what goes between processes as JSON does not tell them apart.
  private func same(_ a: JSON, _ b: JSON) -> Bool { a == b || (a.double != nil && a.double == b.double) }

  /// What training sees for every entity at every moment, by `view/entity/time`.
  private func join(_ quarter: FirstQuarter, _ times: [Timestamp]) throws -> [String: [JSON]] {
    let (views, datasets, folder, context) = (quarter.views, quarter.datasets, quarter.folder, quarter.context)
    let database = try DuckDB.open(engines: EngineFolder(context.engines), allowedDirectories: [folder])
    let moments = times.map { "(\($0.sqlLiteral))" }.joined(separator: ", ")
    let base = "\(folder)/base.parquet"
    try database.execute(
      """
      COPY (SELECT moment AS "at", origin, carrier FROM (VALUES \(moments)) AS t(moment),
        (VALUES ('EWR'), ('JFK'), ('LGA')) AS o(origin),
        (SELECT DISTINCT carrier FROM read_parquet(\(SQLText.list(datasets[0].files.map(\.path))))) AS c
      ) TO '\(base)' (FORMAT parquet)
      """)
    let output = "\(folder)/joined"
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    let outcome = try JoinJob.run(
      JoinArguments(
        base: base, at: "at", views: views, versions: views.map { _ in "" }, datasets: datasets, split: nil, label: nil,
        dropUnlabelled: false, output: output), context)
    #expect(outcome.trainRows == outcome.baseRows)
    let frame = try database.query("SELECT * FROM read_parquet('\(output)/train.parquet')")
    guard case .time(let at) = try frame.column("at") else { return [:] }
    var values: [String: [JSON]] = [:]
    for view in views {
      let entities = try frame.texts(view.entity[0])
      let columns = try outcome.columns.filter { $0.view == view.name }.map { try frame.column($0.name) }
      for row in 0..<frame.rowCount {
        let time = Timestamp(milliseconds: at[row] ?? 0)
        values["\(view.name)/\(entities[row] ?? "")/\(time)"] = columns.map { $0.json(at: row) }
      }
    }
    return values
  }
}

/// The first quarter's flights and weather, ingested, with the example's views over them.
private struct FirstQuarter {
  let folder: String
  let context: JobContext
  let datasets: [DatasetSnapshot]
  let views: [ViewQuery]
  private let jobs: JobRunner

  init() throws {
    folder = try TemporaryFolder.make()
    context = JobContext(engines: try TestEngines.folder().path, scratch: folder)
    datasets = [
      try Self.snapshot("flights", FlightsExample.flights, folder, context),
      try Self.snapshot("weather", FlightsExample.weather, folder, context),
    ]
    views = try FlightsExample.views().map(ViewQuery.init)
    jobs = JobRunner.inProcess(handlers: FeatureJobs.handlers, engines: context.engines, scratch: folder)
  }

  /// What a refresh at this moment computes, in the order of the views.
  func refresh(_ time: Timestamp, since: Timestamp? = nil) async throws -> [RefreshOutcome.View] {
    let arguments = RefreshArguments(
      project: "flight-delay", views: views, datasets: datasets.map { recent($0, time) }, upTo: time,
      since: Dictionary(views.compactMap { view in since.map { (view.name, $0) } }) { $1 }, root: folder)
    return try await jobs.run("features.refresh", arguments, returning: RefreshOutcome.self).views
  }

  /// The first quarter, ingested, as a job would be given it.
  private static func snapshot(_ name: String, _ definition: DatasetDefinition, _ folder: String, _ context: JobContext)
    throws
    -> DatasetSnapshot
  {
    let output = "\(folder)/\(name)"
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    let outcome = try IngestJob.run(
      IngestArguments(
        upload: "\(FlightsExample.folder)/build/\(name)/first_quarter.csv", format: .csv, partition: nil,
        definition: definition, contract: nil, references: [:], output: output,
        eventTime: Timestamp(year: 2013, month: 4, day: 1)),
      context)
    let files = try outcome.partitions.map { partition in
      DataFile(
        partition: partition.partition, digest: try #require(Digest(hex: String(repeating: "a", count: 64))),
        path: partition.path,
        rows: partition.statistics.rows, bytes: 0, format: .parquet, firstTime: partition.firstTime,
        lastTime: partition.lastTime)
    }
    return DatasetSnapshot(
      dataset: DatasetKey(project: "flight-delay", name: DatasetName(name)), version: nil, schema: outcome.contract,
      key: definition.key, time: definition.time, files: files, tail: [])
  }

  /// Only the files that a refresh at this moment would be given.
  private func recent(_ snapshot: DatasetSnapshot, _ time: Timestamp) -> DatasetSnapshot {
    var recent = snapshot
    let first = time - .seconds(12 * 3600)
    recent.files = snapshot.files.filter { ($0.lastTime ?? time) >= first && ($0.firstTime ?? time) <= time }
    return recent
  }
}

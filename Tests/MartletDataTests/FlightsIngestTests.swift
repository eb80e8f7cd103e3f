import Foundation
import MartletCore
import MartletStatistics
import Testing

@testable import MartletData

/// The example's data, where `make flights` has prepared it.
enum Flights {
  static let build = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Examples/flights/build").path
  static var isPrepared: Bool { FileManager.default.fileExists(atPath: build + "/flights/first_quarter.csv") }

  static func read(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(build)/\(name)")) }

  static let definition = DatasetDefinition(
    key: ["flight_id"], partition: PartitionRule(by: .day, column: "flight_date"), time: "known_at",
    expect: [
      Expectation(.rows(min: 300, max: nil)),
      Expectation(.failingRows(sql: "select * from this where origin = dest", max: 0), name: "no-loops"),
    ],
    control: [
      ControlSpec(ControlStat(.rows), stratum: .weekday, rules: "western-electric", allow: Share(0.15)),
      ControlSpec(ControlStat(.nullRate, "arr_delay"), chart: .laneyP),
      ControlSpec(ControlStat(.mean, "distance"), stratum: .weekday, severity: .error, allow: Share(0.2)),
    ])
}

@Suite("The flights of 2013", .enabled(if: Flights.isPrepared))
struct FlightsIngestTests {
  private func record(_ contract: DataSchema?, baseline: String?) -> DatasetRecord {
    DatasetRecord(
      key: DatasetKey(project: "p", name: "flights"), definition: Flights.definition, contract: contract,
      head: baseline == nil ? nil : 1, baseline: baseline, createdAt: Timestamp(milliseconds: 0),
      updatedAt: Timestamp(milliseconds: 0))
  }

  @Test("The first quarter is learned, and the blizzard of February is found unprompted")
  func firstQuarter() throws {
    let fixture = try IngestFixture()
    let outcome = try fixture.run(try Flights.read("flights/first_quarter.csv"), Flights.definition)
    #expect(outcome.partitions.count == 90)
    #expect(outcome.partitions.reduce(0) { $0 + $1.statistics.rows } == 80_789)
    #expect(outcome.partitions.flatMap(\.findings).isEmpty)
    #expect(outcome.contract["arr_delay"]?.type == .integer)
    #expect(outcome.contract["known_at"]?.type == .timestamp)
    #expect(outcome.contract["origin"]?.allowed == ["EWR", "JFK", "LGA"])
    let points = outcome.partitions.map { ControlPoint(partition: $0.partition, statistics: $0.statistics) }
    let verdicts = ControlJudge.judge(record(nil, baseline: nil), history: [], new: points)
    let lost = verdicts.series[1].points.filter { !$0.violations.isEmpty }.map(\.partition)
    #expect(lost.contains("2013-02-08") && lost.contains("2013-02-09"))
    #expect(lost.count <= 5, "\(lost)")
  }

  @Test("Later days pass, except for what is out of the ordinary; the damaged day is stopped, its repair is not")
  func laterDays() throws {
    let fixture = try IngestFixture()
    let first = try fixture.run(try Flights.read("flights/first_quarter.csv"), Flights.definition)
    let history = first.partitions.map { ControlPoint(partition: $0.partition, statistics: $0.statistics) }
    let later = try fixture.run(try Flights.read("flights.csv"), Flights.definition, contract: first.contract)
    #expect(later.partitions.count == 275)
    #expect(later.partitions.flatMap(\.findings).isEmpty)
    let points = later.partitions.map { ControlPoint(partition: $0.partition, statistics: $0.statistics) }
    let charts = record(first.contract, baseline: "2013-03-31")
    let verdicts = ControlJudge.judge(charts, history: history, new: points)
    #expect(later.partitions.flatMap { verdicts.findings(for: $0.partition) }.filter { $0.severity == .error }.isEmpty)
    let rows = verdicts.series[0].points.filter { !$0.isBaseline && !$0.violations.isEmpty }.map(\.partition)
    #expect(rows.contains("2013-11-28"))
    #expect(rows.count < 20, "\(rows)")

    for (folder, stops) in [("damaged", true), ("repaired", false)] {
      let one = try fixture.run(
        try Flights.read("\(folder)/flights/2013-05-15.csv"), Flights.definition, contract: first.contract,
        partition: "2013-05-15")
      let point = ControlPoint(partition: "2013-05-15", statistics: one.partitions[0].statistics)
      let findings =
        one.partitions[0].findings
        + ControlJudge.judge(charts, history: history, new: [point]).findings(for: "2013-05-15")
      #expect(findings.contains { $0.severity == .error && $0.check == "mean(distance)" } == stops)
      #expect(
        findings.contains { $0.severity == .error && $0.check == "required(carrier)" && $0.failingRows.count == 20 }
          == stops)
    }
  }
}

import MartletCore
import Testing

@testable import MartletPipelines

@Suite("Cron schedules") struct CronScheduleTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var cron: String
    var zone = "UTC"
    var after: String
    var next: String
    var testDescription: String { "\(cron) \(zone) after \(after)" }
  }

  static let cases = [
    Case(cron: "0 4 * * *", after: "2013-02-08T03:59:59", next: "2013-02-08T04:00:00.000Z"),
    Case(cron: "0 4 * * *", after: "2013-02-08T04:00:00", next: "2013-02-09T04:00:00.000Z"),
    Case(cron: "*/15 * * * *", after: "2013-02-08T04:16:00", next: "2013-02-08T04:30:00.000Z"),
    Case(cron: "5/20 9-17 * * MON-FRI", after: "2013-02-08T17:45:00", next: "2013-02-11T09:05:00.000Z"),
    Case(cron: "0 0 1 JAN,jul *", after: "2013-02-08", next: "2013-07-01T00:00:00.000Z"),
    Case(cron: "0 0 29 2 *", after: "2013-01-01", next: "2016-02-29T00:00:00.000Z"),
    Case(cron: "0 0 13 * 5", after: "2013-02-08T00:00:00", next: "2013-02-13T00:00:00.000Z"),
    Case(cron: "0 0 * * 7", after: "2013-02-08", next: "2013-02-10T00:00:00.000Z"),
    Case(cron: "59 23 31 12 *", after: "2013-12-31T23:59:00", next: "2014-12-31T23:59:00.000Z"),
    Case(cron: "0 4 * * *", zone: "America/New_York", after: "2013-02-08T08:00:00", next: "2013-02-08T09:00:00.000Z"),
    // The clocks skip 02:30 on 10 March 2013: it fires at 03:30 summer time, one hour behind the skip.
    Case(cron: "30 2 * * *", zone: "America/New_York", after: "2013-03-10T05:00:00", next: "2013-03-10T07:30:00.000Z"),
    // 01:30 comes twice on 3 November 2013: it fires the first time only.
    Case(cron: "30 1 * * *", zone: "America/New_York", after: "2013-11-03T05:00:00", next: "2013-11-03T05:30:00.000Z"),
    Case(cron: "30 1 * * *", zone: "America/New_York", after: "2013-11-03T05:30:00", next: "2013-11-04T06:30:00.000Z"),
  ]

  @Test("The next time is the first after the given one", arguments: cases) func next(_ each: Case) throws {
    let after = try #require(Timestamp(each.after))
    #expect(try CronSchedule(each.cron, zone: each.zone).next(after: after)?.description == each.next)
  }

  @Test(
    "What is no schedule is refused",
    arguments: [
      "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "*/0 * * * *", "5-1 * * * *", "a * * * *",
      ", * * * *",
    ])
  func refused(text: String) { #expect(throws: MartletError.self) { try CronSchedule(text) } }

  @Test(
    "Missed firings are the first, the latest and how many",
    arguments: [
      ("0 4 * * *", "2013-06-01T03:00", "2013-06-01T03:59", nil),
      ("0 4 * * *", "2013-06-01T03:00", "2013-06-01T04:00", "2013-06-01T04:00 2013-06-01T04:00 1"),
      ("0 4 * * *", "2013-06-01T04:00", "2013-06-04T12:00", "2013-06-02T04:00 2013-06-04T04:00 3"),
      ("* * * * *", "2013-06-01T00:00", "2013-07-01T00:00", "2013-06-01T00:01 2013-07-01T00:00 1000"),
      ("0 0 29 2 *", "2011-01-01T00:00", "2017-01-01T00:00", "2012-02-29T00:00 2016-02-29T00:00 2"),
    ] as [(String, String, String, String?)])
  func firings(cron: String, after: String, by: String, expected: String?) throws {
    let found = try CronSchedule(cron).firings(
      after: try #require(Timestamp(after)), by: try #require(Timestamp(by)))
    let words = found.map { [$0.first, $0.latest].map { String($0.description.prefix(16)) } + [String($0.count)] }
    #expect(words?.joined(separator: " ") == expected)
  }

  @Test("The latest firing is the one that walking from firing to firing ends at", arguments: 0..<40)
  func latest(seed: Int) throws {
    var state = UInt64(seed) &* 6_364_136_223_846_793_005 &+ 99
    func pick(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(count))
    }
    let zone = ["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"][pick(4)]
    let cron = ["\(pick(60)) \(pick(24)) * * *", "*/17 \(pick(24)) * * MON-FRI", "30 1,2,3 * * *", "5 */5 1-7 * 3"][
      pick(4)]
    let schedule = try CronSchedule(cron, zone: zone)
    let after = Timestamp(year: 2013, month: 1 + pick(12), day: 1) + .seconds(pick(9_000_000))
    let end = after + .seconds(pick(6_000_000))
    var (walked, time): ([Timestamp], Timestamp) = ([], after)
    while let next = try schedule.next(after: time), next <= end {
      walked.append(next)
      time = next
    }
    let found = try schedule.firings(after: after, by: end)
    #expect(found?.first == walked.first && found?.latest == walked.last, "\(cron) \(zone) \(after) \(end)")
    #expect(found?.count ?? 0 == min(1000, walked.count))
  }
}

import MartletArtifacts
import MartletCore
import MartletTesting
import Testing

@testable import MartletData

@Suite("The data catalog")
struct DataCatalogTests {
  @Test(
    "A first delivery becomes version 1 with a learned contract; a day after it version 2",
    arguments: TestDatabase.kinds)
  func versions(kind: TestDatabase.Kind) async throws {
    let fixture = try await CatalogFixture(kind)
    let catalog = fixture.catalog
    try await catalog.define(fixture.key, CatalogFixture.definition, by: fixture.author, at: fixture.now)
    let first = try await fixture.deliver(CatalogFixture.days(0..<30), named: "first.csv")
    #expect(first.version?.number == 1)
    #expect(first.learnedContract)
    #expect(first.partitions.count == 30)
    let second = try await fixture.deliver(CatalogFixture.day(30))
    #expect(second.version?.number == 2)
    #expect(second.version?.parent == first.version?.id)
    #expect(second.version?.changes == VersionChanges(added: [CatalogFixture.name(30)]))
    #expect(second.version?.rows == 620)
    #expect(!second.learnedContract)

    let page = try await catalog.versions(fixture.key, limit: 1)
    #expect(page.items.map(\.number) == [2])
    #expect(try await catalog.versions(fixture.key, limit: 1, token: page.nextToken).items.map(\.number) == [1])
    let detail = try await catalog.detail(try await catalog.version(fixture.key, "1"))
    #expect(detail.partitions.count == 30)
    #expect(detail.partitions[0].sourceName == "first.csv")
    #expect(detail.partitions[0].statistics?.rows == 20)
    let files = try await catalog.files(of: fixture.key, from: CatalogFixture.name(29))
    #expect(files.map(\.partition) == [CatalogFixture.name(29), CatalogFixture.name(30)])
    let v1 = try await catalog.version(fixture.key, "1")
    let v2 = try await catalog.version(fixture.key, String(second.version?.id.text.prefix(10) ?? ""))
    let difference = try await catalog.difference(from: v1, to: v2)
    #expect(difference.added.map(\.partition) == [CatalogFixture.name(30)])
    #expect(difference.unchanged == 30)
    #expect(
      try await fixture.ledgerActions() == [
        "dataset.defined", "dataset.version.committed", "dataset.version.committed",
      ])
  }

  @Test("The same content again changes nothing and says so", arguments: TestDatabase.kinds)
  func unchanged(kind: TestDatabase.Kind) async throws {
    let fixture = try await CatalogFixture(kind)
    try await fixture.catalog.define(fixture.key, CatalogFixture.definition, by: fixture.author, at: fixture.now)
    try await fixture.deliver(CatalogFixture.days(0..<30))
    let again = try await fixture.deliver(CatalogFixture.day(3))
    #expect(again.version == nil)
    #expect(again.partitions.map(\.outcome) == [.unchanged])
    #expect(try await fixture.catalog.head(fixture.key)?.number == 1)
    #expect(try await fixture.ledgerActions().count == 2)
  }

  @Test(
    "A damaged day is held back with its reasons, and its repair alone takes its place", arguments: TestDatabase.kinds)
  func quarantine(kind: TestDatabase.Kind) async throws {
    let fixture = try await CatalogFixture(kind)
    let catalog = fixture.catalog
    try await catalog.define(fixture.key, CatalogFixture.definition, by: fixture.author, at: fixture.now)
    try await fixture.deliver(CatalogFixture.days(0..<30))
    let damaged = try await fixture.deliver(CatalogFixture.day(30, distance: 1609), partition: CatalogFixture.name(30))
    #expect(damaged.version == nil)
    #expect(damaged.quarantined.map(\.partition) == [CatalogFixture.name(30)])
    #expect(damaged.findings.contains { $0.check == "mean(distance)" && $0.severity == .error })
    let held = try await catalog.quarantine(fixture.key)
    #expect(held.count == 1)
    #expect(held[0].findings.isEmpty == false)
    #expect(try await catalog.charts(fixture.key)[0].points.last?.isQuarantined == true)
    // Again the same: still one.
    try await fixture.deliver(CatalogFixture.day(30, distance: 1609))
    #expect(try await catalog.quarantine(fixture.key).count == 1)

    let repaired = try await fixture.deliver(CatalogFixture.day(30), named: "repaired.csv")
    #expect(repaired.partitions.map(\.outcome) == [.repaired])
    #expect(repaired.version?.number == 2)
    #expect(try await catalog.quarantine(fixture.key).isEmpty)
    let history = try await catalog.deliveries(fixture.key, partition: CatalogFixture.name(30))
    #expect(history.map(\.status) == [.committed, .resolved])
    #expect(history[0].sourceName == "repaired.csv")
    #expect(try await fixture.ledgerActions().contains("dataset.partition.quarantined"))
  }

  @Test("A mixed delivery commits the good days and holds back the bad one", arguments: TestDatabase.kinds)
  func mixed(kind: TestDatabase.Kind) async throws {
    let fixture = try await CatalogFixture(kind)
    try await fixture.catalog.define(fixture.key, CatalogFixture.definition, by: fixture.author, at: fixture.now)
    try await fixture.deliver(CatalogFixture.days(0..<30))
    let single = CatalogFixture.day(31, rows: 1).split(separator: "\n")[1]
    let report = try await fixture.deliver(CatalogFixture.day(30) + single + "\n")
    #expect(report.partitions.map(\.outcome) == [.committed, .quarantined])
    #expect(report.version?.partitions == 31)
    #expect(report.summary == "2 partitions: 1 committed, 1 quarantined")
  }

  @Test("A person releases a quarantined day with a reason", arguments: TestDatabase.kinds)
  func release(kind: TestDatabase.Kind) async throws {
    let fixture = try await CatalogFixture(kind)
    let catalog = fixture.catalog
    try await catalog.define(fixture.key, CatalogFixture.definition, by: fixture.author, at: fixture.now)
    try await fixture.deliver(CatalogFixture.days(0..<30))
    try await fixture.deliver(CatalogFixture.day(30, distance: 1609))
    await #expect(throws: MartletError.self) {
      try await catalog.release(
        fixture.key, partition: CatalogFixture.name(30), reason: " ", at: fixture.now, by: fixture.author)
    }
    await #expect(throws: MartletError.self) {
      try await catalog.release(
        fixture.key, partition: "2013-05-05", reason: "fine", at: fixture.now, by: fixture.author)
    }
    let report = try await catalog.release(
      fixture.key, partition: CatalogFixture.name(30), reason: "a new long-haul timetable", at: fixture.now,
      by: fixture.author)
    #expect(report.version?.number == 2)
    #expect(try await catalog.quarantine(fixture.key).isEmpty)
    #expect(try await catalog.files(of: fixture.key).count == 31)
    #expect(try await catalog.deliveries(fixture.key, partition: CatalogFixture.name(30)).map(\.status) == [.committed])
  }

  @Test("Pushed rows count at once, and until a file for their day is committed", arguments: TestDatabase.kinds)
  func tail(kind: TestDatabase.Kind) async throws {
    let fixture = try await CatalogFixture(kind)
    let catalog = fixture.catalog
    try await catalog.define(fixture.key, CatalogFixture.definition, by: fixture.author, at: fixture.now)
    await #expect(throws: MartletError.self) {
      try await catalog.appendRows(
        fixture.key, Array("id\n1\n".utf8), format: .csv, at: fixture.now, by: fixture.author)
    }
    try await fixture.deliver(CatalogFixture.days(0..<30))
    let pushed = try await catalog.appendRows(
      fixture.key, Array(CatalogFixture.day(30, rows: 3).utf8), format: .csv, at: fixture.now, by: fixture.author)
    #expect(
      pushed
        == AppendReport(
          accepted: 3, covered: 0, partitions: [CatalogFixture.name(30)], earliest: Timestamp("2013-01-31T00:00:00Z")))
    let line = #"{"id": 30001, "day": "2013-01-31", "at": "2013-01-31T05:00:00+01:00", "distance": 5, "carrier": null}"#
    try await catalog.appendRows(fixture.key, Array(line.utf8), format: .jsonLines, at: fixture.now, by: fixture.author)
    let snapshot = try await catalog.snapshot(fixture.key)
    #expect(snapshot.files.count == 30)
    #expect(snapshot.tail.map(\.rows) == [3, 1])
    #expect(snapshot.tail[1].firstTime == Timestamp("2013-01-31T04:00:00Z"))

    try await fixture.deliver(CatalogFixture.day(30))
    #expect(try await catalog.tail(fixture.key).isEmpty)
    let late = try await catalog.appendRows(
      fixture.key, Array(CatalogFixture.day(30, rows: 3).utf8), format: .csv, at: fixture.now, by: fixture.author)
    #expect(late == AppendReport(accepted: 0, covered: 3, partitions: []))
  }

  @Test(
    "A pushed row that does not fit refuses the whole request and is named",
    arguments: [
      (
        "id,day,at,distance,carrier\n1,2013-05-01,2013-05-01T00:00:00Z,5,AA\nx,2013-05-01,2013-05-01T00:00:00Z,5,AA\n",
        "row 2"
      ),
      ("id,day,at,distance,carrier\n1,2013-05-01,2013-05-01T00:00:00Z,5\n", "row 1 has 4 values"),
      ("id,day,at,distanse,carrier\n1,2013-05-01,2013-05-01T00:00:00Z,5,AA\n", "did you mean 'distance'"),
      ("id,day,distance,carrier\n1,2013-05-01,5,AA\n", "'at' is missing"),
      ("id,day,at,distance,carrier\n1,2013-05-01,NA,5,AA\n", "row 1 has no value in 'at'"),
      ("id,day,at,distance,carrier\n", "no rows"), ("", "empty"),
    ])
  func refusedRows(text: String, reason: String) async throws {
    let fixture = try await CatalogFixture(.sqlite)
    try await fixture.catalog.define(fixture.key, CatalogFixture.definition, by: fixture.author, at: fixture.now)
    try await fixture.deliver(CatalogFixture.days(0..<3))
    let error = await #expect(throws: MartletError.self) {
      try await fixture.catalog.appendRows(
        fixture.key, Array(text.utf8), format: .csv, at: fixture.now, by: fixture.author)
    }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    #expect(try await fixture.catalog.tail(fixture.key).isEmpty)
  }

  @Test("A broken file changes nothing", arguments: TestDatabase.kinds)
  func brokenFile(kind: TestDatabase.Kind) async throws {
    let fixture = try await CatalogFixture(kind)
    try await fixture.catalog.define(fixture.key, CatalogFixture.definition, by: fixture.author, at: fixture.now)
    await #expect(throws: MartletError.self) { try await fixture.deliver("id,day,at\n1,2\n") }
    await #expect(throws: MartletError.self) {
      try await fixture.deliver("id,day\n1,2013-01-01\n", named: "upload.xlsx")
    }
    #expect(try await fixture.catalog.head(fixture.key) == nil)
    #expect(try await fixture.catalog.dataset(fixture.key).contract == nil)
    let error = await #expect(throws: MartletError.self) {
      try await fixture.catalog.dataset(DatasetKey(project: "flight-delay", name: "flight"))
    }
    #expect(error?.message.contains("did you mean 'flights'") == true)
  }

  @Test("Deliveries at the same time all arrive", arguments: TestDatabase.kinds)
  func concurrent(kind: TestDatabase.Kind) async throws {
    let fixture = try await CatalogFixture(kind)
    try await fixture.catalog.define(fixture.key, CatalogFixture.definition, by: fixture.author, at: fixture.now)
    try await fixture.deliver(CatalogFixture.days(0..<30))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for day in 30..<34 { group.addTask { try await fixture.deliver(CatalogFixture.day(day)) } }
      try await group.waitForAll()
    }
    let head = try #require(try await fixture.catalog.head(fixture.key))
    #expect(head.number == 5)
    #expect(head.partitions == 34)
    #expect(try await fixture.catalog.manifest(head).files.count == 34)
  }

  @Test("A version is profiled once and previewed", arguments: TestDatabase.kinds)
  func profile(kind: TestDatabase.Kind) async throws {
    let fixture = try await CatalogFixture(kind)
    try await fixture.catalog.define(fixture.key, CatalogFixture.definition, by: fixture.author, at: fixture.now)
    let report = try await fixture.deliver(CatalogFixture.days(0..<30))
    let version = try #require(report.version)
    let profile = try await fixture.catalog.profile(version)
    #expect(profile.rows == 600)
    let distance = try #require(profile.columns.first { $0.name == "distance" })
    #expect(distance.histogram?.reduce(0) { $0 + $1.count } == 600)
    #expect(profile.columns.first { $0.name == "carrier" }?.top == [DataProfile.Value(value: "AA", count: 600)])
    #expect(try await fixture.catalog.profile(version) == profile)
    let preview = try await fixture.catalog.preview(version, partition: CatalogFixture.name(2), limit: 5)
    #expect(preview.rows.count == 5)
    #expect(preview.rows[0]["day"] == .string(CatalogFixture.name(2)))
  }

  @Test("A foreign key is checked against the other dataset's newest version", arguments: TestDatabase.kinds)
  func foreignKey(kind: TestDatabase.Kind) async throws {
    let fixture = try await CatalogFixture(kind)
    let catalog = fixture.catalog
    let carriers = DatasetKey(project: "flight-delay", name: "carriers")
    var definition = CatalogFixture.definition
    definition.expect = [Expectation(.foreignKey(column: "carrier", dataset: "carriers", references: "code"))]
    try await catalog.define(fixture.key, definition, by: fixture.author, at: fixture.now)
    try await catalog.define(carriers, DatasetDefinition(key: ["code"]), by: fixture.author, at: fixture.now)
    let early = await #expect(throws: MartletError.self) { try await fixture.deliver(CatalogFixture.days(0..<2)) }
    #expect(early?.fix == "deliver carriers first")
    let blob = try await catalog.artifacts.put(bytes: Array("code\nAA\nUA\n".utf8))
    _ = try await catalog.ingest(carriers, upload: blob, named: "carriers.csv", at: fixture.now, by: fixture.author)
    let report = try await fixture.deliver(
      CatalogFixture.days(0..<2) + "99999,2013-01-02,2013-01-02T00:00:00Z,1000,ZZ\n")
    #expect(report.partitions.map(\.outcome) == [.committed, .quarantined])
    #expect(report.findings.first { $0.severity == .error }?.failingRows.first?["carrier"] == "ZZ")
  }
}

import Foundation
import MartletArtifacts
import MartletCore
import MartletEngines
import MartletJobs
import MartletTesting
import Testing

@testable import MartletData
@testable import MartletFeatures

/// A small project: sensors that report every hour, with one feature view over them.
struct FeatureFixture {
  let features: FeatureCatalog
  let project: ProjectName = "plant"
  let author = Author(name: "dana", role: "data engineer")
  let folder: String
  let engines: EngineFolder

  static let readings = DatasetDefinition(
    key: ["sensor", "noted"], partition: PartitionRule(by: .day, column: "day"), time: "noted")

  init(_ kind: TestDatabase.Kind) async throws {
    folder = try TemporaryFolder.make()
    engines = try TestEngines.folder()
    let jobs = JobRunner.inProcess(
      handlers: DataJobs.handlers + FeatureJobs.handlers, engines: engines.path, scratch: folder)
    let data = DataCatalog(
      database: try await kind.open(), artifacts: ArtifactStore(root: folder + "/artifacts"), jobs: jobs, work: folder)
    features = FeatureCatalog(data: data, work: folder)
    try await data.define(readings, Self.readings, by: author, at: time(0))
    try await data.define(
      DatasetKey(project: project, name: "sensors"), DatasetDefinition(key: ["sensor"]), by: author, at: time(0))
  }

  var data: DataCatalog { features.data }
  var readings: DatasetKey { DatasetKey(project: project, name: "readings") }

  /// Hours after 2013-01-01.
  func time(_ hours: Int) -> Timestamp { Timestamp(year: 2013, month: 1, day: 1) + .seconds(3600 * hours) }

  /// One reading an hour of sensors a and b: the value is the hour, b's is the hour and a half.
  func rows(_ hours: Range<Int>) -> String {
    "sensor,day,noted,value\n"
      + hours.flatMap { hour in
        ["a", "b"].map { "\($0),\(time(hour).day),\(time(hour)),\(Double(hour) + ($0 == "b" ? 0.5 : 0))\n" }
      }.joined()
  }

  func deliver(_ text: String, to name: DatasetName = "readings") async throws {
    let blob = try await data.artifacts.put(bytes: Array(text.utf8))
    _ = try await data.ingest(
      DatasetKey(project: project, name: name), upload: blob, named: "rows.csv", at: time(0), by: author)
  }

  func push(_ text: String) async throws {
    _ = try await data.appendRows(readings, Array(text.utf8), format: .csv, at: time(0), by: author)
  }

  let trend = FeatureViewDefinition(
    name: "trend", entity: ["sensor"], timestamp: "noted",
    sql: """
      -- the planes of 'sensors' are not read
      SELECT sensor, noted, value, sum(value) OVER recent AS sum_2h FROM readings
      WINDOW recent AS (PARTITION BY sensor ORDER BY noted RANGE BETWEEN INTERVAL 2 HOURS PRECEDING AND CURRENT ROW);
      """, ttl: .seconds(3 * 3600), lookback: .seconds(5 * 3600), online: true)

  let kind = FeatureViewDefinition(
    name: "kind", entity: ["sensor"], sql: "SELECT sensor, kind FROM sensors", online: true)

  /// A base table in the artifact store.
  func base(_ sql: String) async throws -> Digest {
    let path = "\(folder)/base-\(UUID().uuidString).parquet"
    try DuckDB.open(engines: engines, allowedDirectories: [folder]).execute(
      "COPY (\(sql)) TO '\(path)' (FORMAT parquet)")
    return try await data.artifacts.put(file: path).digest
  }

  func table(_ blob: Blob) async throws -> Frame {
    let path = try await data.artifacts.path(of: blob.digest)
    return try DuckDB.open(engines: engines, allowedDirectories: [folder]).query(
      "SELECT * FROM read_parquet('\(path)')")
  }
}

@Suite("The feature catalog")
struct FeatureCatalogTests {
  @Test(
    "A view's online rows follow what is delivered and pushed, and only what changed is returned",
    arguments: TestDatabase.kinds)
  func refresh(kind: TestDatabase.Kind) async throws {
    let fixture = try await FeatureFixture(kind)
    let features = fixture.features
    try await features.define(fixture.project, fixture.trend, by: fixture.author, at: fixture.time(0))
    #expect(try await features.refresh(fixture.project, upTo: fixture.time(1)).isEmpty)
    try await fixture.deliver(fixture.rows(0..<24))
    let first = try await features.refresh(fixture.project, upTo: fixture.time(10))
    #expect(first.count == 1)
    #expect(first[0].columns == ["value", "sum_2h"])
    let a = try #require(first[0].rows.first { $0.entity == ["a"] })
    #expect(a.timestamp == fixture.time(10))
    #expect(a.values.map(\.double) == [10, 27])
    // Nothing new at the same moment.
    #expect(try await features.refresh(fixture.project, upTo: fixture.time(10)).map(\.rows.count) == [0])
    try await fixture.push(fixture.rows(24..<26))
    let pushed = try await features.refresh(fixture.project, reading: "readings", upTo: fixture.time(25))
    // Each row since the last refresh, in order: a request may be of any moment in between.
    let b = pushed[0].rows.filter { $0.entity == ["b"] }
    #expect(b.map(\.timestamp) == (11...25).map(fixture.time))
    #expect(b.last?.values.map(\.double) == [25.5, 73.5 + 0])
    #expect(b.first?.values.map(\.double) == [11.5, 31.5])
    #expect(try await features.refresh(fixture.project, reading: "sensors", upTo: fixture.time(25)).isEmpty)
    let table = try await features.onlineTable(fixture.project, "trend")
    // The latest of both sensors, after what held in the day before: a plane that starts may be asked about it.
    #expect(table.rows.suffix(2).map(\.timestamp) == [fixture.time(25), fixture.time(25)])
    #expect(table.rows.count == 2 * 24)
    #expect(table.isComplete)
    let freshness = try await features.freshness(of: fixture.project)
    #expect(freshness.map(\.latest) == [fixture.time(25)])
    #expect(freshness.map(\.rows) == [2])
    // A refresh for an earlier moment comes too late.
    #expect(try await features.refresh(fixture.project, upTo: fixture.time(9)).isEmpty)
    // Another process finds the same rows.
    let other = FeatureCatalog(data: features.data, work: fixture.folder)
    #expect(try await other.onlineTable(fixture.project, "trend") == table)
  }

  @Test("Projects that call a dataset alike see each its own rows, though one worker serves both")
  func projects() async throws {
    let fixture = try await FeatureFixture(.sqlite)
    let (features, other): (FeatureCatalog, ProjectName) = (fixture.features, "mill")
    let sensors = DatasetKey(project: other, name: "sensors")
    try await features.data.define(sensors, DatasetDefinition(key: ["sensor"]), by: fixture.author, at: fixture.time(0))
    let everything = FeatureViewDefinition(name: "all", entity: ["sensor"], sql: "SELECT * FROM sensors", online: true)
    for project in [fixture.project, other] {
      try await features.define(project, everything, by: fixture.author, at: fixture.time(0))
    }
    try await fixture.deliver("sensor,kind\na,warm\n", to: "sensors")
    let blob = try await features.data.artifacts.put(bytes: Array("sensor,depth\nz,7\n".utf8))
    _ = try await features.data.ingest(sensors, upload: blob, named: "s.csv", at: fixture.time(0), by: fixture.author)
    for _ in 0..<2 {
      _ = try await features.refresh(fixture.project, reading: "sensors", upTo: fixture.time(1))
      _ = try await features.refresh(other, reading: "sensors", upTo: fixture.time(1))
    }
    let (own, theirs) = (
      try await features.onlineTable(fixture.project, "all"), try await features.onlineTable(other, "all")
    )
    #expect(own.columns == ["kind"] && own.rows.map(\.entity) == [["a"]])
    #expect(theirs.columns == ["depth"] && theirs.rows.map(\.entity) == [["z"]])
  }

  @Test("A repaired day changes the values that rest on it", arguments: TestDatabase.kinds)
  func repair(kind: TestDatabase.Kind) async throws {
    let fixture = try await FeatureFixture(kind)
    try await fixture.features.define(fixture.project, fixture.trend, by: fixture.author, at: fixture.time(0))
    try await fixture.deliver(fixture.rows(0..<24))
    _ = try await fixture.features.refresh(fixture.project, upTo: fixture.time(23))
    try await fixture.deliver(fixture.rows(0..<24).replacingOccurrences(of: ",22.0\n", with: ",1022.0\n"))
    let changed = try await fixture.features.refresh(fixture.project, upTo: fixture.time(23))
    #expect(changed[0].rows.map(\.entity) == [["a"]])
    #expect(changed[0].rows[0].values.map(\.double) == [23, 1066])
  }

  @Test(
    "A training set sees what was known at each row's moment, keeps its rows' order and reports what it did",
    arguments: TestDatabase.kinds)
  func trainingSet(kind: TestDatabase.Kind) async throws {
    let fixture = try await FeatureFixture(kind)
    let features = fixture.features
    try await features.define(fixture.project, fixture.trend, by: fixture.author, at: fixture.time(0))
    try await features.define(fixture.project, fixture.kind, by: fixture.author, at: fixture.time(0))
    try await fixture.deliver(fixture.rows(0..<24))
    try await fixture.deliver("sensor,kind\na,pump\nb,valve\n", to: "sensors")
    let base = try await fixture.base(
      """
      SELECT id, sensor, TIMESTAMP '2013-01-01' + INTERVAL (minutes) MINUTE AS moment, label FROM (VALUES
        (5, 'a', 630, 1), (4, 'a', 599, 0), (3, 'c', 630, 1), (2, 'b', 24 * 60 + 1, NULL), (1, 'b', 40 * 60, 0)
      ) AS t(id, sensor, minutes, label)
      """)
    let set = try await features.trainingSet(
      TrainingSetRequest(
        project: fixture.project, base: base, at: "moment", features: ["trend", "kind"], label: "label",
        dropUnlabelled: false))
    let frame = try await fixture.table(set.train)
    #expect(try frame.numbers("id") == [5, 4, 3, 2, 1])
    let values = try frame.numbers("value").map { $0.isNaN ? -1 : $0 }
    #expect(values == [10, 9, -1, 23.5, -1])
    #expect(try frame.texts("kind") == ["pump", "pump", nil, "valve", "valve"])
    #expect(set.unlabelled == 1)
    #expect(set.views[0].matched == 3)
    #expect(set.views[0].expired == 1)
    #expect(set.views[0].missing == 1)
    #expect(set.views[0].maximumAge == 3660)
    #expect(set.columns.filter { $0.view == "trend" }.map(\.name) == ["value", "sum_2h"])
    #expect(set.inputs.keys.sorted() == ["readings", "sensors"])

    let again = try await features.trainingSet(
      TrainingSetRequest(
        project: fixture.project, base: base, at: "moment", features: ["trend", "kind"], label: "label",
        dropUnlabelled: false))
    #expect(again.train == set.train)
    let split = try await features.trainingSet(
      TrainingSetRequest(
        project: fixture.project, base: base, at: "moment", features: ["trend"],
        split: TimeSplit(column: "moment", train: 0.5, test: 0.5), label: "label"))
    #expect(split.trainRows + split.testRows == 4)
    #expect(split.baseRows == 5)
    #expect(try await fixture.table(split.train).numbers("id") == [4])
  }

  @Test("A training set on an older version does not see what came later")
  func pinned() async throws {
    let fixture = try await FeatureFixture(.sqlite)
    try await fixture.features.define(fixture.project, fixture.trend, by: fixture.author, at: fixture.time(0))
    try await fixture.deliver(fixture.rows(0..<24))
    let old = try await fixture.data.version(fixture.readings)
    try await fixture.deliver(fixture.rows(24..<48))
    let base = try await fixture.base("SELECT 'a' AS sensor, TIMESTAMP '2013-01-02 01:30:00' AS moment")
    let request = TrainingSetRequest(project: fixture.project, base: base, at: "moment", features: ["trend"])
    var pinned = request
    pinned.versions = ["readings": old]
    #expect(try await fixture.table(try await fixture.features.trainingSet(request).train).numbers("value") == [25])
    #expect(try await fixture.table(try await fixture.features.trainingSet(pinned).train).numbers("value") == [23])
  }

  @Test(
    "A view is versioned by its content; a new version starts with an empty online table", arguments: TestDatabase.kinds
  )
  func define(kind: TestDatabase.Kind) async throws {
    let fixture = try await FeatureFixture(kind)
    let first = try await fixture.features.define(
      fixture.project, fixture.trend, by: fixture.author, at: fixture.time(0))
    let same = try await fixture.features.define(
      fixture.project, fixture.trend, by: fixture.author, at: fixture.time(1))
    #expect(first == same)
    try await fixture.deliver(fixture.rows(0..<24))
    _ = try await fixture.features.refresh(fixture.project, upTo: fixture.time(10))
    var changed = fixture.trend
    changed.description = "hourly"
    let second = try await fixture.features.define(fixture.project, changed, by: fixture.author, at: fixture.time(2))
    #expect(second.version != first.version)
    #expect(try await fixture.features.freshness(of: fixture.project).map(\.rows) == [0])
    #expect(try await fixture.features.inputs(of: second).map(\.name) == ["readings"])
  }

  @Test("What cannot work is refused with a reason")
  func refused() async throws {
    let fixture = try await FeatureFixture(.sqlite)
    let (features, project) = (fixture.features, fixture.project)
    for (change, reason) in [
      ({ $0.lookback = WrittenDuration(.seconds(60)) }, "shorter than its ttl"), ({ $0.entity = [] }, "no entity"),
      ({ $0.timestamp = nil }, "no timestamp"), ({ $0.sql = " " }, "empty"),
    ] as [((inout FeatureViewDefinition) -> Void, String)] {
      var view = fixture.trend
      change(&view)
      let wrong = view
      let error = await #expect(throws: MartletError.self) {
        try await features.define(project, wrong, by: fixture.author, at: fixture.time(0))
      }
      #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
    try await fixture.deliver(fixture.rows(0..<24))
    var misspelt = fixture.trend
    misspelt.timestamp = "notted"
    try await features.define(project, misspelt, by: fixture.author, at: fixture.time(0))
    let error = await #expect(throws: MartletError.self) { try await features.refresh(project, upTo: fixture.time(1)) }
    #expect(error?.message.contains("did you mean 'noted'") == true, "\(error?.message ?? "")")
    try await features.define(project, fixture.trend, by: fixture.author, at: fixture.time(0))
    let base = try await fixture.base("SELECT 'a' AS sensr, 1 AS value, TIMESTAMP '2013-01-02' AS moment")
    let missing = await #expect(throws: MartletError.self) {
      try await features.trainingSet(
        TrainingSetRequest(project: project, base: base, at: "moment", features: ["trend"]))
    }
    #expect(missing?.message.contains("did you mean 'sensr'") == true, "\(missing?.message ?? "")")
    let unknown = await #expect(throws: MartletError.self) {
      try await features.trainingSet(
        TrainingSetRequest(project: project, base: base, at: "moment", features: ["trends"]))
    }
    #expect(unknown?.message.contains("did you mean 'trend'") == true)
  }
}

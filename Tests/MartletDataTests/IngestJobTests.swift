import Foundation
import MartletCore
import Testing

@testable import MartletData

@Suite("Ingesting a file")
struct IngestJobTests {
  private let byDay = DatasetDefinition(key: ["id"], partition: PartitionRule(by: .day, column: "day"), time: "at")

  @Test("The first delivery teaches types, and its days become files of their own")
  func learns() throws {
    let fixture = try IngestFixture()
    let outcome = try fixture.run(
      """
      id,day,at,delay,code,share,ok,note
      1,2013-04-01,2013-04-01T10:00:00Z,5,007,0.5,true,a
      2,2013-04-01,2013-04-01T12:00:00+02:00,NA,010,1,false,
      3,2013-04-02,2013-04-02 09:30:00,-3,011,1e2,TRUE,"b, c"
      """, byDay)
    let types = Dictionary(outcome.contract.columns.map { ($0.name, $0.type) }) { $1 }
    #expect(
      types == [
        "id": .integer, "day": .date, "at": .timestamp, "delay": .integer, "code": .string, "share": .float,
        "ok": .boolean, "note": .string,
      ])
    #expect(outcome.partitions.map(\.partition) == ["2013-04-01", "2013-04-02"])
    #expect(outcome.partitions.flatMap(\.findings).isEmpty)
    let first = outcome.partitions[0]
    #expect(first.statistics.rows == 2)
    #expect(first.statistics["delay"]?.nulls == 1)
    #expect(first.statistics["delay"]?.mean == 5)
    #expect(first.lastTime == Timestamp("2013-04-01T10:00:00Z"))
    #expect(try fixture.texts("at", of: first) == ["2013-04-01 10:00:00", "2013-04-01 10:00:00"])
    #expect(outcome.contract["id"]?.required == true)
    #expect(outcome.contract["note"]?.required == false)
  }

  @Test("A day whose integers are all missing keeps their type")
  func allNull() throws {
    let fixture = try IngestFixture()
    let contract = try fixture.run("id,day,at,delay\n1,2013-04-01,2013-04-01T10:00:00Z,5\n", byDay).contract
    let outcome = try fixture.run("id,day,at,delay\n2,2013-04-02,2013-04-02T10:00:00Z,NA\n", byDay, contract: contract)
    #expect(outcome.contract == contract)
    #expect(outcome.partitions[0].statistics["delay"]?.nulls == 1)
  }

  @Test("Whole numbers written with a point fit, others are findings with their line")
  func wrongTypes() throws {
    let fixture = try IngestFixture()
    let contract = DataSchema([
      SchemaColumn("id", .integer), SchemaColumn("day", .date), SchemaColumn("at", .timestamp),
    ])
    let outcome = try fixture.run(
      "id,day,at\n1.0,2013-04-01,2013-04-01T10:00:00Z\n1.5,2013-04-01,2013-04-01T10:00:00Z\nx,2013-04-01,yesterday\n",
      byDay,
      contract: contract)
    let findings = outcome.partitions[0].findings
    let type = try #require(findings.first { $0.check == "type(id)" })
    #expect(type.severity == .error)
    #expect(type.failing == 2)
    #expect(type.message.contains("line 3"))
    #expect(type.failingRows.count == 2)
    #expect(type.failingRows[0]["id"] == "1.5")
    #expect(type.failingRows[0]["_line"] == 3)
    #expect(findings.contains { $0.check == "type(at)" && $0.failing == 1 })
    // A value that does not fit is null in the typed row, so the key is missing as well.
    #expect(findings.contains { $0.check == "required(id)" && $0.failing == 2 })
  }

  @Test("A column that is gone stops the partition and suggests its new name; a new one is left out with a warning")
  func columns() throws {
    let fixture = try IngestFixture()
    let contract = DataSchema([
      SchemaColumn("id", .integer), SchemaColumn("day", .date), SchemaColumn("at", .timestamp),
      SchemaColumn("distance", .float),
    ])
    let outcome = try fixture.run(
      "id,day,at,distanse\n1,2013-04-01,2013-04-01T10:00:00Z,3\n", byDay, contract: contract)
    let findings = outcome.partitions[0].findings
    #expect(findings.map(\.check).sorted() == ["column(distance)", "column(distanse)"])
    #expect(findings.first { $0.column == "distance" }?.severity == .error)
    #expect(findings.first { $0.column == "distance" }?.message.contains("did you mean 'distanse'") == true)
    #expect(findings.first { $0.column == "distanse" }?.severity == .warn)
  }

  @Test(
    "A broken file is refused with what is wrong and where",
    arguments: [
      ("", "empty"), ("id,day,at\n", "no rows"), ("id,,at\n1,2,3\n", "column 2 of the header has no name"),
      ("id,day,ID\n1,2,3\n", "twice"), ("id,day,at\n1,2013-04-01\n", "line 2"),
      ("id,day,at\n1,2013-04-01,x\n2,2013-04-01,x,y\n", "line 3"), ("id,day,at\n1,\"2013-04-01,x\n", "line 2"),
      ("id,at\n1,2013-04-01\n", "day"), ("id,day,at\n1,2013-04-01,x\n2,,x\n", "1 rows have no usable 'day'"),
      ("PAR1 nonsense", "not CSV"),
    ])
  func broken(text: String, reason: String) throws {
    let fixture = try IngestFixture()
    let error = #expect(throws: MartletError.self) { _ = try fixture.run(text, byDay) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.code == .invalidInput)
  }

  @Test("Rows of another partition than the one named are refused")
  func otherPartition() throws {
    let fixture = try IngestFixture()
    let error = #expect(throws: MartletError.self) {
      _ = try fixture.run("id,day,at\n1,2013-04-02,2013-04-01T10:00:00Z\n", byDay, partition: "2013-04-01")
    }
    #expect(error?.message.contains("2013-04-02") == true)
  }

  @Test("Every kind of expectation finds what it is for, with rows to look at")
  func expectations() throws {
    let fixture = try IngestFixture()
    var definition = byDay
    definition.expect = [
      Expectation(.rows(min: 5, max: nil)), Expectation(.nullRate(column: "note", max: 0.2), severity: .warn),
      Expectation(.range(column: "distance", min: 30, max: 9000)),
      Expectation(.range(column: "day", min: "2013-04-01", max: nil)),
      Expectation(.set(column: "carrier", values: ["AA", "UA"])), Expectation(.unique(columns: ["carrier", "flight"])),
      Expectation(.regex(column: "carrier", pattern: "[A-Z]{2}")),
      Expectation(.freshness(WrittenDuration(.seconds(3600)))),
      Expectation(.failingRows(sql: "select * from this where origin = dest;", max: 0), name: "no-loops"),
      Expectation(.scalar(sql: "select count(*) from this where origin = dest", equals: 0), name: "no-loops-counted"),
    ]
    let outcome = try fixture.run(
      """
      id,day,at,carrier,flight,distance,origin,dest,note
      1,2013-04-01,2013-04-01T10:00:00Z,AA,1,10,JFK,LAX,x
      2,2013-04-01,2013-04-01T11:00:00Z,AA,1,1000,JFK,JFK,
      3,2013-04-01,2013-04-01T11:00:00Z,zz9,7,1000,EWR,LAX,
      """, definition)
    let findings = Dictionary(outcome.partitions[0].findings.map { ($0.check, $0) }) { $1 }
    #expect(
      findings.keys.sorted() == [
        "freshness", "no-loops", "no-loops-counted", "null_rate(note)", "range(distance)", "regex(carrier)", "rows",
        "set(carrier)", "unique(carrier, flight)",
      ])
    #expect(findings["null_rate(note)"]?.severity == .warn)
    #expect(findings["range(distance)"]?.failingRows.first?["_line"] == 2)
    #expect(findings["no-loops"]?.failingRows.first?["id"] == 2)
    #expect(findings["unique(carrier, flight)"]?.failingRows.count == 2)
    #expect(findings["rows"]?.observed == 3)
  }

  @Test("An expectation on a column that is not there is refused with a suggestion")
  func unknownColumn() throws {
    let fixture = try IngestFixture()
    var definition = byDay
    definition.expect = [Expectation(.range(column: "distanse", min: 0, max: nil))]
    let error = #expect(throws: MartletError.self) {
      _ = try fixture.run("id,day,at,distance\n1,2013-04-01,2013-04-01T10:00:00Z,3\n", definition)
    }
    #expect(error?.message.contains("did you mean 'distance'") == true)
  }

  @Test("What was learned is held with room: a few lost values are a warning, many an error")
  func graded() throws {
    let fixture = try IngestFixture()
    let header = "id,day,at,carrier\n"
    let rows = (1...100).map { "\($0),2013-04-01,2013-04-01T10:00:00Z,\(["AA", "UA"][$0 % 2])\n" }
    let contract = try fixture.run(header + rows.joined(), byDay).contract
    let few = rows.enumerated().map { $0 < 3 ? $1.replacingOccurrences(of: ",UA", with: ",NA") : $1 }
    let many = rows.enumerated().map { $0 < 30 ? $1.replacingOccurrences(of: ",UA", with: ",NA") : $1 }
    let first = try fixture.run(header + few.joined(), byDay, contract: contract).partitions[0].findings
    let second = try fixture.run(header + many.joined(), byDay, contract: contract).partitions[0].findings
    #expect(first.map(\.severity) == [.warn])
    #expect(second.map(\.severity) == [.error])
    #expect(second.first?.failingRows.count == 15)
  }

  @Test("The same rows in another order give the same file")
  func canonicalBytes() throws {
    let a = try IngestFixture()
    let b = try IngestFixture()
    let rows = (1...500).map { "\($0),2013-04-01,2013-04-01T10:00:00Z,\($0 * 7 % 13)\n" }
    let one = try a.run("id,day,at,x\n" + rows.joined(), byDay)
    let two = try b.run("id,day,at,x\n" + rows.reversed().joined(), byDay)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: one.partitions[0].path))
        == Data(contentsOf: URL(fileURLWithPath: two.partitions[0].path)))
  }

  @Test("JSON lines and Parquet are read like CSV")
  func otherFormats() throws {
    let fixture = try IngestFixture()
    let outcome = try fixture.run(
      #"{"id":1,"day":"2013-04-01","at":"2013-04-01T10:00:00Z","x":1.5,"a/b":true}"# + "\n"
        + #"{"id":2,"day":"2013-04-01","at":"2013-04-01T10:00:00Z","x":null}"# + "\n", byDay, format: .jsonLines)
    #expect(outcome.contract["x"]?.type == .float)
    #expect(outcome.contract["a/b"]?.type == .boolean)
    let again = try IngestFixture()
    let parquet = try Data(contentsOf: URL(fileURLWithPath: outcome.partitions[0].path))
    let copy = try again.run(parquet, byDay, contract: outcome.contract, format: .parquet)
    #expect(copy.partitions[0].findings.isEmpty)
    #expect(try Data(contentsOf: URL(fileURLWithPath: copy.partitions[0].path)) == parquet)
    let error = #expect(throws: MartletError.self) { _ = try again.run("{\"id\":1}\n[2]\n", byDay, format: .jsonLines) }
    #expect(error?.message.contains("line 2") == true)
    #expect(throws: MartletError.self) { _ = try again.run("id\n1\n", byDay, format: .parquet) }
  }

  @Test("Compressed CSV is read; what only claims to be compressed is refused")
  func gzip() throws {
    let fixture = try IngestFixture()
    // printf 'id,day,at\n1,2013-04-01,2013-04-01T10:00:00Z\n' | gzip -n | base64
    let packed = try #require(
      Data(base64Encoded: "H4sIAAAAAAAAA8tM0UlJrNRJLOEy1DEyMDTWNTDRNUBmhhgaWBmAUBQXAMDsyG0sAAAA"))
    let outcome = try fixture.run(packed, byDay)
    #expect(outcome.partitions.map(\.statistics.rows) == [1])
    let error = #expect(throws: MartletError.self) { _ = try fixture.run(packed.prefix(20), byDay) }
    #expect(error?.code == .invalidInput)
  }

  @Test(
    "An expectation can only read: anything but one query is refused",
    arguments: [
      "select * from this; drop table raw", "copy this to '/tmp/x.csv'", "delete from raw",
      "select * from this) as a; drop table raw; select * from (select 1", "select E'\\'' ; drop table raw --'",
      "-- nothing",
    ])
  func onlyQueries(sql: String) throws {
    let fixture = try IngestFixture()
    var definition = byDay
    definition.expect = [Expectation(.failingRows(sql: sql, max: 0))]
    let error = #expect(throws: MartletError.self) {
      _ = try fixture.run("id,day,at\n1,2013-04-01,2013-04-01T10:00:00Z\n", definition)
    }
    #expect(error?.message.contains("the SQL of expectation 'sql'") == true, "\(error?.message ?? "")")
  }
}

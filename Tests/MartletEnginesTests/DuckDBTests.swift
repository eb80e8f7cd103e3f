import Foundation
import MartletCore
import MartletEngines
import MartletTesting
import Testing

@Suite("DuckDB")
struct DuckDBTests {
  let duckdb: DuckDB

  init() throws { duckdb = try DuckDB.open(engines: TestEngines.folder(), memoryLimitMB: 512, threads: 2) }

  @Test("Every plain type arrives as the frame's type, missing values included")
  func types() throws {
    let frame = try duckdb.query(
      """
      SELECT * FROM (VALUES
        (true, 1::TINYINT, 2::SMALLINT, 3, 4::BIGINT, 5::UTINYINT, 6::USMALLINT, 7::UINTEGER, 8::UBIGINT, 1.5::FLOAT,
         2.5::DOUBLE, 123.45::DECIMAL(5,2), 9::HUGEINT, 10::UHUGEINT, 'short', DATE '2013-02-08',
         TIMESTAMP '2013-02-08 05:00:00.123456', TIMESTAMPTZ '2013-02-08 05:00:00+01'),
        (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
      ) AS t(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r)
      """)
    #expect(frame.rowCount == 2)
    #expect(frame["a"] == .boolean([true, nil]))
    for (name, value) in zip("bcdefghi", [1, 2, 3, 4, 5, 6, 7, 8] as [Int64]) {
      #expect(frame[String(name)] == .integer([value, nil]), "\(name)")
    }
    for (name, value) in zip("jklmn", [1.5, 2.5, 123.45, 9, 10]) {
      let numbers = try frame.numbers(String(name))
      #expect(numbers[0] == value && numbers[1].isNaN, "\(name)")
    }
    #expect(frame["o"] == .text(["short", nil]))
    #expect(frame["p"] == .time([Timestamp("2013-02-08")?.milliseconds, nil]))
    #expect(frame["q"] == .time([Timestamp("2013-02-08T05:00:00.123Z")?.milliseconds, nil]))
    #expect(frame["r"] == .time([Timestamp("2013-02-08T04:00:00Z")?.milliseconds, nil]))
  }

  @Test("Every precision of timestamp arrives in milliseconds, rounded down before 1970 too")
  func timestamps() throws {
    let frame = try duckdb.query(
      """
      SELECT '1969-12-31 23:59:59.9995'::TIMESTAMP a, '1969-12-31 23:59:59'::TIMESTAMP_S b,
        '1969-12-31 23:59:59.5'::TIMESTAMP_MS c, '1969-12-31 23:59:59.9999'::TIMESTAMP_NS d, 'infinity'::TIMESTAMP e
      """)
    #expect(frame["a"] == .time([-1]))
    #expect(frame["b"] == .time([-1000]))
    #expect(frame["c"] == .time([-500]))
    #expect(frame["d"] == .time([-1]))
    #expect(frame["e"] == .time([nil]))
  }

  @Test("Decimals of every width and 128-bit integers keep their value")
  func wideNumbers() throws {
    let frame = try duckdb.query(
      """
      SELECT 1.5::DECIMAL(4,1) a, 12345.678::DECIMAL(9,3) b, -123456789012.25::DECIMAL(18,2) c,
        1234567890123456789012.5::DECIMAL(30,1) d, (-170141183460469231731687303715884105727)::HUGEINT e, sum(x) f
      FROM range(4) t(x)
      """)
    #expect(
      try frame.columns.map { try frame.numbers($0.name)[0] } == [
        1.5, 12345.678, -123_456_789_012.25, 1_234_567_890_123_456_789_012.5, -1.7014118346046923e38, 6,
      ])
  }

  @Test("Texts of 0 to 40 bytes arrive whole, on both sides of the 12 bytes DuckDB stores in place", arguments: 0...40)
  func texts(length: Int) throws {
    let text = String("äbcdefghijklmnopqrstuvwxyzäbcdefghijklmnopqrstuvwxyz".unicodeScalars.prefix(length))
    #expect(try duckdb.query("SELECT \(SQLText.literal(text)) AS t")["t"] == .text([text]))
  }

  @Test("Lists, structs, enums, blobs, intervals and nulls without a type arrive as text, under their own names")
  func nested() throws {
    let frame = try duckdb.query(
      """
      SELECT [1, 2] AS a, {'x': 1} AS b, 'up'::ENUM ('up', 'down') AS c, INTERVAL 1 DAY AS d, TIME '05:00' AS e,
        uuid() AS f, NULL AS g, 5 AS h, MAP {'k': 1} AS i ORDER BY h; -- the end
      """)
    #expect(frame.names == ["a", "b", "c", "d", "e", "f", "g", "h", "i"])
    #expect(frame["a"] == .text(["[1, 2]"]))
    #expect(frame["b"] == .text(["{'x': 1}"]))
    #expect(frame["c"] == .text(["up"]))
    #expect(frame["d"] == .text(["1 day"]))
    #expect(frame["e"] == .text(["05:00:00"]))
    #expect(frame["h"] == .integer([5]))
  }

  @Test("A large result arrives whole and in order")
  func large() throws {
    let frame = try duckdb.query("SELECT i, 'value number ' || i AS s FROM range(300000) t(i)")
    #expect(frame.rowCount == 300_000)
    #expect(frame["i"] == .integer((0..<300_000).map { Int64($0) }))
    #expect(try frame.texts("s")[299_999] == "value number 299999")
  }

  @Test("A query of several statements runs them all and returns the rows of the last")
  func severalStatements() throws {
    let frame = try duckdb.query("CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1), (2); SELECT sum(x) AS s FROM t")
    #expect(try frame.numbers("s") == [3])
  }

  @Test("An empty result keeps its columns")
  func empty() throws {
    let frame = try duckdb.query("SELECT 1 AS a, 'x' AS b WHERE false")
    #expect(frame.names == ["a", "b"])
    #expect(frame.rowCount == 0)
  }

  @Test("A frame that is inserted reads back as it was")
  func insert() throws {
    let rows = Array(0..<5000)
    let texts: [String?] = rows.map { row in row % 5 == 0 ? nil : String(repeating: "é", count: row % 30) }
    let times: [Int64?] = rows.map { row in row % 11 == 0 ? nil : Int64(row * 1000 - 5_000_000) }
    let frame = try Frame([
      Frame.Column("number", Frame.Values.double(rows.map { row in Double(row) / 4 })),
      Frame.Column("whole", Frame.Values.integer(rows.map { row in row % 7 == 0 ? nil : Int64(row) })),
      Frame.Column("flag", Frame.Values.boolean(rows.map { row in row % 3 == 0 ? nil : row.isMultiple(of: 2) })),
      Frame.Column("say \"text\"", Frame.Values.text(texts)),
      Frame.Column("at", Frame.Values.time(times)),
    ])
    try duckdb.createTable("my table", from: frame)
    #expect(try duckdb.query("SELECT * FROM \"my table\"") == frame)
  }

  @Test("A missing number is inserted as NULL, and values are cast to the table's types")
  func insertCasts() throws {
    try duckdb.execute("CREATE TABLE t (a INTEGER, b DATE)")
    try duckdb.insert(try Frame([.init("a", .double([1, .nan])), .init("b", .time([0, nil]))]), into: "t")
    let frame = try duckdb.query("SELECT a, b FROM t WHERE a IS NULL OR b = DATE '1970-01-01'")
    #expect(frame["a"] == .integer([1, nil]))
    #expect(frame["b"] == .time([0, nil]))
  }

  @Test("Times are in UTC")
  func timeZone() throws {
    #expect(
      try duckdb.query("SELECT CAST(TIMESTAMPTZ '2013-07-01 00:00:00+00' AS VARCHAR) AS t")["t"]
        == .text(["2013-07-01 00:00:00+00"]))
  }
}

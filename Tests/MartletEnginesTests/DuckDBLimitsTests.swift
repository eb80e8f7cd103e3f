import Foundation
import MartletCore
import MartletEngines
import MartletTesting
import Testing

@Suite("DuckDB: what it refuses")
struct DuckDBLimitsTests {
  private func folder() throws -> String {
    let path = NSTemporaryDirectory() + "/martlet-duckdb-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private func error(_ sql: String, in duckdb: DuckDB) throws -> MartletError {
    try #require(throws: MartletError.self) { try duckdb.query(sql) }
  }

  @Test("Parquet files are written and read inside an allowed directory only")
  func allowedDirectories() throws {
    let (mine, other) = (try folder(), try folder())
    let duckdb = try DuckDB.open(engines: TestEngines.folder(), allowedDirectories: [mine])
    try duckdb.execute("COPY (SELECT 42 AS x) TO \(SQLText.literal(mine + "/a.parquet")) (FORMAT parquet)")
    #expect(
      try duckdb.query("SELECT x FROM read_parquet(\(SQLText.list([mine + "/a.parquet"])))")["x"] == .integer([42]))
    for sql in [
      "COPY (SELECT 42 AS x) TO \(SQLText.literal(other + "/a.parquet")) (FORMAT parquet)",
      "SELECT * FROM read_text('/etc/passwd')",
      "SELECT * FROM read_csv(\(SQLText.literal(mine + "/../../etc/passwd")))",
      "SELECT * FROM glob('/etc/*')",
      "ATTACH \(SQLText.literal(other + "/x.db"))",
      "INSTALL httpfs", "LOAD '/tmp/x.duckdb_extension'",
    ] {
      #expect(try error(sql, in: duckdb).code == .permissionDenied, "\(sql)")
    }
  }

  @Test("The configuration cannot be changed by a statement")
  func locked() throws {
    let duckdb = try DuckDB.open(engines: TestEngines.folder())
    for sql in ["SET enable_external_access = true", "SET memory_limit = '100GB'", "RESET allowed_directories"] {
      #expect(throws: MartletError.self, "\(sql)") { try duckdb.execute(sql) }
    }
  }

  @Test("An unknown column is named, with what it may have meant, and where")
  func unknownColumn() throws {
    let error = try error("SELECT agee FROM (SELECT 1 AS age)", in: try DuckDB.open(engines: TestEngines.folder()))
    #expect(error.code == .invalidInput)
    #expect(error.message.contains("agee") && error.message.contains("age\""), "\(error)")
    #expect(!error.message.contains("\n"))
    #expect(error.cause?.hasPrefix("LINE 1:") == true)
  }

  @Test("Wrong SQL, an empty statement and a value that cannot be cast are the caller's errors; values stay out")
  func wrong() throws {
    let duckdb = try DuckDB.open(engines: TestEngines.folder())
    #expect(try error("SELEC 1", in: duckdb).code == .invalidInput)
    #expect(try error("  ", in: duckdb).message.contains("no SQL statement"))
    try duckdb.execute("CREATE TABLE t AS SELECT 'secret value' AS x")
    let cast = try error("SELECT CAST(x AS INTEGER) FROM t", in: duckdb)
    #expect(cast.code == .invalidInput && !cast.description.contains("secret value"), "\(cast)")
  }

  @Test("Unsigned integers that do not fit are refused, not wrapped")
  func unsigned() throws {
    #expect(
      try error("SELECT 18446744073709551615::UBIGINT AS big", in: try DuckDB.open(engines: TestEngines.folder()))
        .message.contains("'big'"))
  }

  @Test("A query beyond its memory says how much it had")
  func memory() throws {
    let duckdb = try DuckDB.open(engines: TestEngines.folder(), memoryLimitMB: 64, threads: 1)
    let error = try error("SELECT len(list(i)) AS n FROM range(50000000) t(i)", in: duckdb)
    #expect(error.code == .unavailable && error.message.contains("64 MB"), "\(error)")
  }

  @Test("A running query can be interrupted from another thread")
  func interrupt() async throws {
    let duckdb = try DuckDB.open(engines: TestEngines.folder(), threads: 1)
    let running = Thread { while !Thread.current.isCancelled { duckdb.interrupt(); usleep(1000) } }
    running.start()
    defer { running.cancel() }
    let error = try error(
      "SELECT sum(sqrt(a.range * b.range)) AS s FROM range(10000000) a, range(100000) b", in: duckdb)
    #expect(error.code == .cancelled)
  }

  @Test("A missing engine says how to install it")
  func missing() throws {
    let error = try #require(throws: MartletError.self) { try DuckDB.open(engines: EngineFolder("/nonexistent")) }
    #expect(error.fix?.contains("martlet engines install") == true)
  }
}

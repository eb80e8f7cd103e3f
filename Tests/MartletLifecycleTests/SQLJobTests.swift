import Foundation
import MartletCore
import MartletEngines
import MartletJobs
import MartletTesting
import Testing

@testable import MartletLifecycle

@Suite("The SQL of a step")
struct SQLJobTests {
  private let folder: String
  private let declared: String
  /// Lies beside the declared file, and is nobody's business.
  private let secret: String

  init() throws {
    folder = try TemporaryFolder.make()
    (declared, secret) = ("\(folder)/declared.parquet", "\(folder)/secret.parquet")
    let database = try DuckDB.open(engines: TestEngines.folder(), allowedDirectories: [folder])
    try database.execute("COPY (SELECT range AS n FROM range(10)) TO '\(declared)' (FORMAT parquet)")
    try database.execute("COPY (SELECT 42 AS n) TO '\(secret)' (FORMAT parquet)")
  }

  @discardableResult
  private func run(_ sql: String, memoryMB: Int? = nil) throws -> SQLJob.Outcome {
    let job = SQLJob(
      sql: sql, place: "the step 'clean'", tables: ["numbers": [declared]], output: "\(folder)/out.parquet",
      memoryMB: memoryMB)
    return try job.run(JobContext(engines: try TestEngines.folder().path, scratch: "\(folder)/scratch"))
  }

  private func error(_ sql: String, memoryMB: Int? = nil) throws -> MartletError {
    try #require(throws: MartletError.self, "\(sql)") { try run(sql, memoryMB: memoryMB) }
  }

  @Test(
    "One query is run, however it is dressed",
    arguments: [
      "SELECT n FROM numbers", "SELECT n FROM numbers;", "FROM numbers", "WITH a AS (FROM numbers) SELECT n FROM a",
      "-- first\nSELECT n /* ; */ FROM numbers -- last", "SELECT n FROM numbers WHERE ';' <> ')'; -- done",
      "SELECT n FROM numbers UNION ALL SELECT 11 WHERE false", "SELECT unnest(list(n)) AS n FROM numbers",
    ])
  func query(_ sql: String) throws { #expect(try run(sql).rows == 10) }

  @Test(
    "Anything but one query is refused, and the step is named",
    arguments: [
      "", " -- nothing", "SELECT 1; SELECT 2", "SELECT n FROM numbers) TO '/tmp/x.csv'; SELECT (1",
      "SELECT 1 AS a) TO 'F/other.parquet' (FORMAT parquet); COPY (SELECT 2 AS a",
      "COPY (SELECT 1) TO 'F/other.csv'", "COPY numbers FROM 'F/secret.parquet'", "EXPORT DATABASE 'F/all'",
      "ATTACH 'F/other.db'", "INSTALL httpfs", "LOAD httpfs", "SET memory_limit = '100GB'",
      "SET enable_external_access = true", "RESET allowed_paths", "PRAGMA memory_limit = '100GB'",
      "PRAGMA database_list",
      "CREATE TABLE t AS SELECT 1", "CREATE OR REPLACE VIEW numbers AS SELECT 1 AS n", "DROP VIEW numbers",
      "INSERT INTO numbers VALUES (1)", "DELETE FROM numbers", "CALL pragma_version()", "CHECKPOINT", "VACUUM",
      "CREATE SECRET s (TYPE s3)", "CREATE MACRO f() AS 1", "SELEC 1", "SELECT 1 /* open", "SELECT 'open",
    ])
  func refused(_ sql: String) throws {
    let error = try error(sql.replacing("F/", with: folder + "/"))
    #expect(error.code == .invalidInput, "\(sql): \(error)")
    #expect(error.message.contains("the step 'clean'") && error.fix?.contains("one query") == true, "\(sql): \(error)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/other.parquet"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/out.parquet"))
  }

  @Test(
    "A query reads the files that its step declares, and no others",
    arguments: [
      "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM '/etc/passwd'",
      "SELECT * FROM read_blob('/proc/self/environ')",
      "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM glob('/etc/*')", "SELECT * FROM glob('F/*')",
      "SELECT * FROM read_parquet('F/secret.parquet')", "SELECT * FROM 'F/secret.parquet'",
      "SELECT * FROM read_parquet('F/*.parquet')", "SELECT * FROM read_parquet('F/declared.parquet/../secret.parquet')",
      "SELECT * FROM read_parquet(['F/declared.parquet', 'F/secret.parquet'])",
      "SELECT * FROM parquet_metadata('F/secret.parquet')", "SELECT * FROM query('FROM ''F/secret.parquet''')",
      "SELECT * FROM query_table('F/secret.parquet')", "SELECT (SELECT max(n) FROM 'F/secret.parquet') AS n",
      "SELECT * FROM read_json('http://127.0.0.1:1/x.json')", "SELECT * FROM 's3://bucket/x.parquet'",
      "SELECT * FROM sniff_csv('F/secret.parquet')", "SELECT * FROM read_ndjson('F/secret.parquet')",
    ])
  func files(_ sql: String) throws {
    // A missing function or format is as good a wall as a forbidden file; nothing is read either way.
    let error = try error(sql.replacing("F/", with: folder + "/"))
    #expect([.permissionDenied, .invalidInput].contains(error.code), "\(sql): \(error)")
    #expect(!"\(error)".contains("root:"))
  }

  @Test("The files behind a table may be read by their own names as well")
  func declaredFile() throws { #expect(try run("SELECT * FROM read_parquet('\(declared)')").rows == 10) }

  @Test("A query beyond its step's memory says how much that was")
  func memory() throws {
    let error = try error("SELECT list(i) AS n FROM range(100000000) t(i)", memoryMB: 64)
    #expect(error.code == .unavailable && error.message.contains("64 MB"), "\(error)")
    #expect(error.fix?.contains("memory limit") == true)
  }

  @Test("Columns and missing values are counted")
  func summary() throws {
    let outcome = try run("SELECT n, nullif(n, 3) AS m FROM numbers")
    #expect(outcome.columns == ["n", "m"] && outcome.missing == ["m": 1])
  }
}

import Foundation
import HummingbirdTesting
import MartletCore
import MartletEngines
import MartletJobs
import MartletTesting
import NIOPosix
import Testing

@testable import MartletServing

@Suite("Reading predictions back with their outcomes")
struct CompactJobTests {
  @Test("A window of predictions becomes one table: typed columns, outcomes joined by id, shadows told apart")
  func compacts() async throws {
    let engines = try TestEngines.folder()
    let test = try TestPlane()
    defer { test.close() }
    let model = SumModel(columns: TestPlane.simple.columns + [.init(name: "when", kind: .time)], weight: 0.0001)
    try test.apply(
      [try test.variant(1, model), try test.variant(2, model, share: 0, role: .shadow)],
      log: .init(idColumn: "id", timeColumn: "at"))
    let start = TestPlane.now
    try await test.application.test(.router) { client async throws -> Void in
      // Every request is sent twice, as by a client that saw no answer.
      for hour in (0..<10).flatMap({ [$0, $0] }) {
        let at = (start + .seconds(hour * 3600)).description
        let answer = try await client.predict(
          #"{"dataframe_records":[{"id":"f\#(hour)","a":\#(hour),"b":"q\"uote","when":"\#(at)","at":"\#(at)"}]}"#)
        #expect(answer.status == 200)
      }
    }
    let outcomes = OutcomeLog(database: try await TestDatabase.sqlite())
    let known = start + .seconds(86_400)
    _ = try await outcomes.record(
      [
        Outcome(id: "f2", value: 1, at: start + .seconds(9000)),
        Outcome(id: "f3", value: 0, at: start + .seconds(9000)),
        Outcome(id: "f4", value: 1, at: known + .seconds(1)),
        Outcome(id: "nobody", value: 1, at: start + .seconds(9000)),
        Outcome(id: "f9", value: 1, at: start + .seconds(9000)),
      ], for: "e", at: start)
    let windows = PredictionWindows(
      folder: test.plane.folder, outcomes: outcomes,
      jobs: .inProcess(handlers: ServingJobs.handlers, engines: engines.path), threads: .singleton
    ) { _ = try await test.plane.seal() }
    let output = test.data + "/window.parquet"
    let result = try await windows.write(
      "e", from: start + .seconds(3600), to: start + .seconds(6 * 3600), outcomesKnownBy: known,
      columns: [.init("a", .number), .init("b", .text), .init("when", .time), .init("absent", .number)], output: output)
    #expect(result == CompactJob.Result(predictions: 5, withOutcome: 2, unknownOutcomes: 1, tornBytes: 0))

    let duckDB = try DuckDB.open(engines: engines, allowedDirectories: [test.data])
    let frame = try duckDB.query(
      "SELECT * FROM read_parquet(\(SQLText.literal(output))) WHERE variant <> 'shadow' ORDER BY event_time")
    #expect(try frame.texts("id") == ["f1", "f2", "f3", "f4", "f5"])
    #expect(try frame.numbers("a") == [1, 2, 3, 4, 5])
    #expect(try frame.texts("b") == Array(repeating: "q\"uote", count: 5))
    #expect(try frame.column("when") == .time((1...5).map { start.milliseconds + Int64($0) * 3_600_000 }))
    #expect(try frame.numbers("outcome").map { $0.isNaN ? -1 : $0 } == [-1, 1, 0, -1, -1])
    #expect(try frame.numbers("absent").allSatisfy(\.isNaN))
  }

  @Test("Without any segment the table is there and empty")
  func compactsNothing() async throws {
    let engines = try TestEngines.folder()
    let test = try TestPlane()
    defer { test.close() }
    let windows = PredictionWindows(
      folder: test.plane.folder, outcomes: OutcomeLog(database: try await TestDatabase.sqlite()),
      jobs: .inProcess(handlers: ServingJobs.handlers, engines: engines.path), threads: .singleton
    ) { throw MartletError(.unavailable, "the plane is away") }
    let result = try await windows.write(
      "e", from: TestPlane.now, to: TestPlane.now + .seconds(60), outcomesKnownBy: TestPlane.now, columns: [],
      output: test.data + "/window.parquet")
    #expect(result.predictions == 0)
  }
}

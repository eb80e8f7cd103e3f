import Foundation
import Hummingbird
import MartletCore
import MartletTesting
import NIOCore
import Synchronization
import Testing

@testable import MartletReplay

/// A server that only remembers what it was told.
private final class Recorder: ReplayServer {
  struct State {
    var clock: Timestamp?
    var calls: [String] = []
  }

  let state = Mutex(State())
  let url: String

  init(url: String, clock: Timestamp? = nil) {
    self.url = url
    state.withLock { $0.clock = clock }
  }

  private func note(_ call: String) { state.withLock { $0.calls.append(call) } }
  var calls: [String] { state.withLock { $0.calls } }

  func now() async throws -> Timestamp? { state.withLock { $0.clock } }

  func advance(to time: Timestamp) async throws -> [String] {
    note("clock \(time.description.prefix(13))")
    state.withLock { $0.clock = time }
    return []
  }

  func push(_ csv: [UInt8], to dataset: String, at time: Timestamp) async throws {
    note("rows \(dataset) \(csv.split(separator: 10).count - 1)")
  }

  func deliver(_ file: String, to dataset: String, partition: String) async throws -> String? {
    note("partition \(partition)")
    return partition == "2013-04-01" ? "too few rows" : nil
  }

  func record(_ outcomes: [ReplayOutcome], for endpoint: String) async throws {
    note("outcomes \(outcomes.map(\.id).joined(separator: "+"))")
  }

  func address(of endpoint: String) async throws -> String { url }
}

@Suite("Replay", .serialized)
struct ReplayTests {
  private static func folder() throws -> String {
    let folder = try TemporaryFolder.make()
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
    }
    try FileManager.default.createDirectory(atPath: folder + "/weather", withIntermediateDirectories: true)
    try write(
      "weather.csv", "observed_at,temp\n2013-04-01T01:00:00Z,1\n2013-04-01T07:00:00Z,2\r\n2013-04-02T00:00:00Z,3\n")
    try write("weather/2013-04-01.csv", "observed_at,temp\n")
    try write(
      "requests.csv",
      "id,predicted_at,carrier,tail,distance\na,2013-04-01T02:00:00Z,9E,NA,100\nb,2013-04-01T03:00:00Z,\"A \"\"A\",N1,20.5\nc,2013-04-02T20:00:00Z,9E,,NA\n"
    )
    try write("outcomes.csv", "flight_id,known_at,late\na,2013-04-01T09:00:00Z,1\nb,2013-04-02T09:00:00Z,0\n")
    return folder
  }

  /// Answers every request with the status that its body asks for, and remembers the bodies.
  private func withEndpoint(_ body: (String, @escaping @Sendable () -> [String]) async throws -> Void) async throws {
    let bodies = Mutex<[String]>([])
    let router = Router()
    router.post("/endpoints/e/invocations") { request, _ in
      let text = String(buffer: try await request.body.collect(upTo: 1 << 20))
      bodies.withLock { $0.append(text) }
      return text.contains("\"c\"") ? HTTPResponse.Status.badRequest : .ok
    }
    let (ports, continuation) = AsyncStream<Int>.makeStream()
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in continuation.yield(channel.localAddress?.port ?? 0) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      var iterator = ports.makeAsyncIterator()
      let port = await iterator.next() ?? 0
      try await body("http://127.0.0.1:\(port)/endpoints/e/invocations") { bodies.withLock { $0 } }
      group.cancelAll()
    }
  }

  @Test("Each step delivers, asks, tells and then advances the clock; a failed request is counted, not repeated")
  func plays() async throws {
    let folder = try Self.folder()
    try await withEndpoint { url, bodies in
      let server = Recorder(url: url)
      let replay = Replay(plan: try ReplayPlan.parse(ReplayPlanTests.text), folder: folder, server: server)
      let tally = try await replay.run { _ in }
      // Files are delivered beside rows and requests, and before the clock goes on.
      let delivered = try #require(server.calls.firstIndex(of: "partition 2013-04-01"))
      #expect(delivered > 5 && delivered < server.calls.firstIndex(of: "clock 2013-04-02T06") ?? 0)
      #expect(
        server.calls.filter { $0 != "partition 2013-04-01" } == [
          "rows weather 1", "clock 2013-04-01T06", "rows weather 1", "outcomes a", "clock 2013-04-01T12",
          "clock 2013-04-01T18", "clock 2013-04-02T00", "rows weather 1",
          "clock 2013-04-02T06", "outcomes b", "clock 2013-04-02T12", "clock 2013-04-02T18", "clock 2013-04-03T00",
        ])
      #expect(tally.steps == 8 && tally.requests == 3 && tally.failures == 1 && tally.outcomes == 2)
      #expect(tally.partitions == 1 && tally.quarantined == 1 && tally.rows == 3)
      #expect(bodies().count == 3)
      let sent = try bodies().map { try JSON.parse($0)["dataframe_split"] ?? .null }
      #expect(sent.allSatisfy { $0["columns"] == ["id", "predicted_at", "carrier", "tail", "distance"] })
      let rows = sent.compactMap { $0["data"]?.array?.first?.array }.sorted { $0[0].string ?? "" < $1[0].string ?? "" }
      #expect(rows[0] == ["a", "2013-04-01T02:00:00Z", "9E", nil, 100])
      #expect(rows[1] == ["b", "2013-04-01T03:00:00Z", "A \"A", "N1", 20.5])
      #expect(rows[2] == ["c", "2013-04-02T20:00:00Z", "9E", nil, nil])
    }
  }

  @Test("It goes on where the project's clock stands, and stops where it is told")
  func resumes() async throws {
    let folder = try Self.folder()
    try await withEndpoint { url, bodies in
      let server = Recorder(url: url, clock: Timestamp("2013-04-01T06:00:00Z"))
      let replay = Replay(plan: try ReplayPlan.parse(ReplayPlanTests.text), folder: folder, server: server)
      let tally = try await replay.run(until: Timestamp("2013-04-01T15:00:00Z")) { _ in }
      #expect(server.calls == ["rows weather 1", "outcomes a", "clock 2013-04-01T12", "clock 2013-04-01T15"])
      #expect(tally.requests == 0)
      let again = try await replay.run(until: Timestamp("2013-04-01T15:00:00Z")) { _ in }
      #expect(again.steps == 0)
    }
  }

  @Test("A file that is not sorted, or lacks its column, is refused with its line")
  func refusesDisorder() async throws {
    let folder = try Self.folder()
    try Data("observed_at,temp\n2013-04-01T05:00:00Z,1\n2013-04-01T04:00:00Z,1\n".utf8)
      .write(to: URL(fileURLWithPath: folder + "/weather.csv"))
    let replay = Replay(
      plan: try ReplayPlan.parse(ReplayPlanTests.text), folder: folder, server: Recorder(url: "http://127.0.0.1:9/x"))
    await #expect {
      _ = try await replay.run { _ in }
    } throws: { error in
      "\(error)".contains("line 3 of") && "\(error)".contains("sort the file")
    }
  }

  @Test("An endpoint that is gone fails its requests, and the replay goes on")
  func countsFailures() async throws {
    let folder = try Self.folder()
    let server = Recorder(url: "http://127.0.0.1:9/endpoints/e/invocations")
    let replay = Replay(plan: try ReplayPlan.parse(ReplayPlanTests.text), folder: folder, server: server)
    let tally = try await replay.run { _ in }
    #expect(tally.requests == 3 && tally.failures == 3 && tally.outcomes == 2)
  }
}

import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import NIOCore
import Testing

@testable import MartletServing

@Suite("Answering: variants, online features, identity and time")
struct ScoringTests {
  private static let weather = OnlineTableDefinition(
    name: "weather", entity: ["origin"], columns: [.init("wind"), .init("sky", .text)])
  private static let join = ScoringConfiguration.FeatureJoin(
    view: "weather", entity: ["origin"], values: ["wind", "sky"], ttlMilliseconds: 3_600_000)
  private static let windy = SumModel(columns: [
    .init(name: "a", kind: .number), .init(name: "wind", kind: .number), .init(name: "sky", kind: .text),
  ])

  private func patch(_ rows: [(String, Int64, Double, String)], after: Int64? = nil, sequence: Int64) -> OnlinePatch {
    OnlinePatch(
      table: Self.weather, after: after, sequence: sequence,
      rows: rows.map { .init(key: [$0.0], at: $0.1, values: [.double($0.2), .string($0.3)]) })
  }

  @Test("Online features are joined as they were known at the event time, and not when they are too old")
  func joinsOnline() async throws {
    let test = try TestPlane()
    defer { test.close() }
    try test.apply(
      [try test.variant(1, Self.windy)], features: [Self.join], tables: [Self.weather],
      log: .init(idColumn: "id", timeColumn: "at"))
    let start = TestPlane.now.milliseconds
    _ = try test.plane.apply(patch([("JFK", start, 10, "clear"), ("JFK", start + 600_000, 20, "fog")], sequence: 1))
    @Sendable func body(_ origin: String, _ time: Int64) -> String {
      #"{"dataframe_records": [{"id": "x", "a": 1, "origin": "\#(origin)", "at": "\#(Timestamp(milliseconds: time))"}]}"#
    }
    try await test.application.test(.router) { client async throws -> Void in
      @Sendable func answer(_ origin: String, _ time: Int64) async throws -> Double? {
        try await client.predict(body(origin, time)).json["predictions"]?.array?.first?.double
      }
      #expect(try await answer("JFK", start + 60_000) == 16)
      #expect(try await answer("JFK", start + 700_000) == 24)
      #expect(try await answer("JFK", start - 1) == 1)
      #expect(try await answer("JFK", start + 600_000 + 3_600_001) == 1)
      #expect(try await answer("LGA", start + 60_000) == 1)
    }
    let counts = test.plane.state.endpoints[0].variants[0].counts
    #expect(counts.missing == ["a": 0, "wind": 3, "sky": 3])
    // A null in the table is known to be null, and not missing.
    let calm = OnlinePatch.Row(key: ["JFK"], at: start + 900_000, values: [.null, "clear"])
    _ = try test.plane.apply(OnlinePatch(table: Self.weather, after: 1, sequence: 2, rows: [calm]))
    try await test.application.test(.router) { client async throws -> Void in
      let answer = try await client.predict(body("JFK", start + 900_000))
      #expect(answer.json["predictions"] == [6.0])
    }
    #expect(test.plane.state.endpoints[0].variants[0].counts.missing == counts.missing)
    let logged = try await test.logged()
    #expect(logged.count == 6)
    #expect(logged[0]["features"] == ["wind": 10.0, "sky": "clear"])
    #expect(logged[0]["request"]?["a"] == 1.0)
    #expect(logged[0]["event_time"]?.integer == start + 60_000)
  }

  @Test("A change of an online table that does not follow the last one is a conflict; the whole table always fits")
  func refusesGaps() throws {
    let test = try TestPlane()
    defer { test.close() }
    #expect(try test.plane.apply(patch([("JFK", 1, 1, "x")], sequence: 5)) == 5)
    #expect(try test.plane.apply(patch([("LGA", 1, 1, "x")], after: 5, sequence: 6)) == 6)
    #expect(throws: MartletError.self) { try test.plane.apply(patch([("LGA", 1, 1, "x")], after: 5, sequence: 7)) }
    #expect(try test.plane.apply(patch([], sequence: 8)) == 8)
    #expect(test.plane.online.snapshot.tables[0].keyCount == 0)
  }

  @Test(
    "The same id always goes to the same version, in about the shares asked for, and a growing share moves nobody back")
  func sharesTraffic() {
    func assignment(_ share: Double) -> [Int] {
      let traffic = Traffic(endpoint: "e", challengers: [(1, share)], champion: 0)
      return (0..<20_000).map { traffic.variant(for: "flight-\($0)") }
    }
    let (tenth, half) = (assignment(0.1), assignment(0.5))
    #expect(tenth == assignment(0.1))
    #expect(abs(Double(tenth.reduce(0, +)) / 20_000 - 0.1) < 0.01)
    #expect(abs(Double(half.reduce(0, +)) / 20_000 - 0.5) < 0.015)
    #expect(zip(tenth, half).allSatisfy { $0 == 0 || $1 == 1 })
    #expect(assignment(1).allSatisfy { $0 == 1 })
    #expect(assignment(0).allSatisfy { $0 == 0 })
  }

  @Test("A challenger that lacks a column is answered for by the champion; the caller sees nothing, the counters all")
  func fallsBack() async throws {
    let test = try TestPlane()
    defer { test.close() }
    let leaky = SumModel(columns: [.init(name: "a", kind: .number), .init(name: "air_time", kind: .number)], weight: 7)
    try test.apply([
      try test.variant(1, TestPlane.simple, share: 0),
      try test.variant(2, leaky, share: 1, role: .challenger),
    ])
    try await test.application.test(.router) { client async throws -> Void in
      let answer = try await client.predict(#"{"inputs": {"a": [1, 2], "b": ["x", "y"]}}"#)
      #expect(answer.status == 200)
      #expect(answer.json["predictions"] == [2.0, 3.0])
    }
    let variants = test.plane.state.endpoints[0].variants
    #expect(variants[1].counts.rows == 2)
    #expect(variants[1].counts.errors["missing_column"] == 2)
    #expect(variants[1].counts.fallbacks == 2)
    #expect(variants[1].counts.missing == ["a": 0, "air_time": 2])
    #expect(variants[1].counts.errorRate == 1)
    #expect(variants[0].counts.rows == 2)
    #expect(test.plane.state.endpoints[0].answeredRows == 2)
    #expect(try await test.logged().allSatisfy { $0["version"] == "m@1" && $0["variant"] == "champion" })
  }

  @Test("A challenger that fails, or answers no number, is answered for too")
  func fallsBackOnFailure() async throws {
    for (model, kind) in [
      (SumModel(columns: TestPlane.simple.columns, fails: true), "model"),
      (SumModel(columns: TestPlane.simple.columns, bias: .infinity), "not_finite"),
      (SumModel(columns: [.init(name: "a", kind: .text)]), "incompatible_column"),
    ] {
      let test = try TestPlane()
      defer { test.close() }
      try test.apply([
        try test.variant(1, TestPlane.simple, share: 0), try test.variant(2, model, share: 1, role: .challenger),
      ])
      try await test.application.test(.router) { client async throws -> Void in
        #expect(try await client.predict(#"{"inputs": {"a": [1], "b": ["x"]}}"#).json["predictions"] == [2.0])
      }
      #expect(test.plane.state.endpoints[0].variants[1].counts.errors[kind] == 1)
    }
  }

  @Test("A shadow scores every row, answers none, and is logged as a shadow")
  func shadows() async throws {
    let test = try TestPlane()
    defer { test.close() }
    var other = TestPlane.simple
    other.weight = 10
    try test.apply([try test.variant(1, TestPlane.simple), try test.variant(2, other, share: 0, role: .shadow)])
    try await test.application.test(.router) { client async throws -> Void in
      #expect(try await client.predict(#"{"inputs": {"a": [1], "b": ["x"]}}"#).json["predictions"] == [2.0])
    }
    let logged = try await test.logged()
    #expect(logged.map { $0["variant"]?.string } == ["champion", "shadow"])
    #expect(logged.map { $0["score"]?.double } == [2, 20])
    #expect(logged[0]["id"] == logged[1]["id"])
  }

  @Test("A prediction's id is its column's, else the request's, else one the answer tells")
  func identifies() async throws {
    let test = try TestPlane()
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)])
    try await test.application.test(.router) { client async throws -> Void in
      let one = #"{"inputs": {"a": [1], "b": ["x"]}}"#
      let random = try #require(try await client.predict(one).headers[.martletPredictionID])
      _ = try await client.predict(one, headers: [.xRequestID: "r1"])
      let two = #"{"inputs": {"a": [1, 2], "b": ["x", "y"]}}"#
      _ = try await client.predict(two, headers: [.xRequestID: "r2"])
      _ = try await client.predict(two)
      let ids = try await test.logged().map { $0["id"]?.string ?? "" }
      #expect(ids.prefix(4) == [random, "r1", "r2-0", "r2-1"])
      let shared = ids[4].dropLast(2)
      #expect(ids[4...] == ["\(shared)-0", "\(shared)-1"] && shared.count == 32)
    }
  }

  @Test("The event time is the header's where no column holds it; one that is no time is a 400")
  func takesEventTime() async throws {
    let test = try TestPlane()
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)])
    try await test.application.test(.router) { client async throws -> Void in
      let body = #"{"inputs": {"a": [1], "b": ["x"]}}"#
      _ = try await client.predict(body, headers: [.martletEventTime: "2013-04-01T06:00:00Z"])
      _ = try await client.predict(body)
      #expect(try await client.predict(body, headers: [.martletEventTime: "soon"]).status == 400)
    }
    let times = try await test.logged().map { $0["event_time"]?.integer }
    #expect(times == [TestPlane.now.milliseconds + 6 * 3_600_000, TestPlane.now.milliseconds])
  }

  @Test("Before anything is deployed /ping and /invocations are 404, then 200; several endpoints need a name")
  func finds() async throws {
    let test = try TestPlane()
    defer { test.close() }
    try await test.application.test(.router) { client async throws -> Void in
      let body = #"{"inputs": {"a": [1], "b": ["x"]}}"#
      #expect(try await client.execute(uri: "/ping", method: .get) { $0.status } == .notFound)
      #expect(try await client.predict(body).status == 404)
      try test.apply([try test.variant(1, TestPlane.simple)])
      #expect(try await client.execute(uri: "/health", method: .get) { $0.status } == .ok)
      #expect(
        try await client.execute(uri: "/version", method: .get) { String(buffer: $0.body) } == ScoringPlane.version)
      #expect(try await client.predict(body, path: "/endpoints/e/invocations").status == 200)
      let wrong = try await client.predict(body, path: "/endpoints/f/invocations")
      #expect(wrong.status == 404)
      #expect(wrong.json["message"]?.string?.contains("did you mean 'e'") == true)
      #expect(try await client.predict(body, path: "/endpoints/%00/invocations").status == 404)
    }
  }
}

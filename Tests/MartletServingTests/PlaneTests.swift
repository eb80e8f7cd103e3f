import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MartletCore
import NIOCore
import Testing

@testable import MartletServing

@Suite("The scoring plane: configuration, administration, restart")
struct PlaneTests {
  @Test("A model is swapped under load without one failed request, and the counters begin anew")
  func swapsUnderLoad() async throws {
    let test = try TestPlane()
    defer { test.close() }
    let variants = try (1...6).map { version in
      try test.variant(version, SumModel(columns: TestPlane.simple.columns, bias: Double(version) * 100))
    }
    try test.apply(epoch: 1, [variants[0]])
    try await test.application.test(.live) { client async throws -> Void in
      try await withThrowingTaskGroup(of: Set<Double>.self) { group in
        for _ in 0..<4 {
          group.addTask {
            var seen: Set<Double> = []
            for _ in 0..<150 {
              let answer = try await client.predict(#"{"inputs": {"a": [1], "b": ["x"]}}"#)
              #expect(answer.status == 200)
              let score = try #require(answer.json["predictions"]?.array?.first?.double)
              seen.insert(score)
            }
            return seen
          }
        }
        group.addTask {
          for (position, variant) in variants.enumerated().dropFirst() {
            _ = try await client.predict(#"{"inputs": {"a": [1], "b": ["x"]}}"#)
            try test.apply(epoch: Int64(position + 1), [variant])
          }
          return []
        }
        for try await seen in group { #expect(seen.isSubset(of: [102, 202, 302, 402, 502, 602])) }
      }
      #expect(try await client.predict(#"{"inputs": {"a": [1], "b": ["x"]}}"#).json["predictions"] == [602.0])
    }
    #expect(try await test.logged().count == 600 + 5 + 1)
  }

  @Test("A configuration that cannot be loaded changes nothing; an older one is refused")
  func keepsLastGood() throws {
    let test = try TestPlane()
    defer { test.close() }
    let good = try test.variant(1, TestPlane.simple)
    try test.apply(epoch: 5, [good])
    var gone = good
    gone.packageFolder = "packages/none"
    #expect(throws: MartletError.self) { try test.apply(epoch: 6, [gone]) }
    gone.packageFolder = "../elsewhere"
    #expect(throws: MartletError.self) { try test.apply(epoch: 6, [gone]) }
    #expect(throws: MartletError.self) { try test.apply(epoch: 4, [good]) }
    var shadowOnly = good
    shadowOnly.role = .shadow
    #expect(throws: MartletError.self) { try test.apply(epoch: 7, [shadowOnly]) }
    #expect(test.plane.epoch == 5)
  }

  @Test("After a restart the plane answers as before, online rows included, without the control plane")
  func restarts() async throws {
    let first = try TestPlane()
    let table = OnlineTableDefinition(name: "t", entity: ["k"], columns: [.init("wind")])
    let model = SumModel(columns: [.init(name: "wind", kind: .number)])
    let join = ScoringConfiguration.FeatureJoin(view: "t", entity: ["k"], values: ["wind"])
    try first.apply(epoch: 3, [try first.variant(1, model)], features: [join], tables: [table])
    _ = try first.plane.apply(
      OnlinePatch(table: table, after: nil, sequence: 9, rows: [.init(key: ["7"], at: nil, values: [4.5])]))
    _ = try await first.plane.seal()
    first.plane.close()
    let second = try TestPlane(data: first.data)
    defer { second.close() }
    #expect(second.plane.epoch == 3)
    #expect(second.plane.state.tables.map(\.sequence) == [9])
    try await second.application.test(.router) { client async throws -> Void in
      #expect(try await client.predict(#"{"dataframe_records": [{"k": 7}]}"#).json["predictions"] == [4.5])
    }
  }

  @Test("A damaged configuration on disk does not keep the plane from starting")
  func startsWithDamage() throws {
    let first = try TestPlane()
    try first.apply([try first.variant(1, TestPlane.simple)])
    first.plane.close()
    try Data("{".utf8).write(to: URL(fileURLWithPath: first.plane.folder.configuration))
    let second = try TestPlane(data: first.data)
    defer { second.close() }
    #expect(second.plane.epoch == 0)
  }

  @Test("A model that is gone from disk takes only its own endpoint with it, and the next configuration is taken")
  func startsWithPart() async throws {
    let first = try TestPlane()
    let (good, bad) = (try first.variant(1, TestPlane.simple), try first.variant(2, TestPlane.simple))
    let configuration = ScoringConfiguration(
      epoch: 4,
      endpoints: [
        .init(name: "good", project: "p", variants: [good]), .init(name: "bad", project: "p", variants: [bad]),
      ])
    try first.plane.apply(configuration)
    first.plane.close()
    try FileManager.default.removeItem(atPath: first.data + "/" + bad.packageFolder)
    let second = try TestPlane(data: first.data)
    defer { second.close() }
    #expect(second.plane.state.endpoints.map(\.name) == ["good"])
    #expect(second.plane.epoch == 0)
    _ = try second.variant(2, TestPlane.simple)
    try second.plane.apply(configuration)
    #expect(second.plane.state.endpoints.count == 2)
  }

  @Test("Administration needs the token, whole and exact")
  func guardsAdministration() async throws {
    let test = try TestPlane()
    defer { test.close() }
    let authorization = test.token.authorization
    let wrong = [
      nil, "", "Bearer", "Bearer ", authorization + "x", String(authorization.dropLast()), authorization.lowercased(),
    ]
    try await test.application.test(.router) { client async throws -> Void in
      for (method, path) in [
        (HTTPRequest.Method.get, "/admin/state"), (.put, "/admin/configuration"), (.patch, "/admin/online"),
        (.post, "/admin/seal"),
      ] {
        for value in wrong {
          var headers = HTTPFields()
          headers[.authorization] = value
          #expect(try await client.execute(uri: path, method: method, headers: headers) { $0.status } == .unauthorized)
        }
      }
    }
  }

  @Test("A configuration pushed with the token is in force at once; nonsense is a 400, an old one a 409")
  func takesConfiguration() async throws {
    let test = try TestPlane()
    defer { test.close() }
    let configuration = ScoringConfiguration(
      epoch: 2,
      endpoints: [.init(name: "e", project: "p", variants: [try test.variant(1, TestPlane.simple)])])
    try await test.application.test(.router) { client async throws -> Void in
      func put(_ body: [UInt8], _ path: String = "/admin/configuration", _ method: HTTPRequest.Method = .put)
        async throws -> Int
      {
        let headers: HTTPFields = [.authorization: test.token.authorization, .contentType: "application/json"]
        return try await client.execute(uri: path, method: method, headers: headers, body: ByteBuffer(bytes: body)) {
          $0.status.code
        }
      }
      #expect(try await put(JSON(encoding: configuration).bytes) == 200)
      #expect(try await put(JSON(encoding: configuration).bytes) == 200)
      #expect(test.plane.epoch == 2)
      var older = configuration
      older.epoch = 1
      #expect(try await put(JSON(encoding: older).bytes) == 409)
      #expect(try await put(Array("{".utf8)) == 400)
      #expect(try await put(Array("{\"epoch\": 3}".utf8)) == 400)
      #expect(try await put(Array("{\"table\": 3}".utf8), "/admin/online", .patch) == 400)
    }
  }

  @Test("A request that takes too long is a 504, and one too many at once a 429 that says when to come back")
  func limits() async throws {
    var limits = ScoringPlane.Limits()
    limits.requestTime = .zero
    let slow = try TestPlane(limits: limits)
    defer { slow.close() }
    try slow.apply([try slow.variant(1, TestPlane.simple)])
    let rows = Array(repeating: #"{"a": 1, "b": "x"}"#, count: 3000).joined(separator: ",")
    try await slow.application.test(.router) { client async throws -> Void in
      #expect(try await client.predict(#"{"dataframe_records": [\#(rows)]}"#).status == 504)
      #expect(try await client.predict(#"{"dataframe_records": [{"a": 1, "b": "x"}]}"#).status == 200)
    }
    limits.concurrentRequests = 0
    let busy = try TestPlane(limits: limits)
    defer { busy.close() }
    try busy.apply([try busy.variant(1, TestPlane.simple)])
    try await busy.application.test(.router) { client async throws -> Void in
      let answer = try await client.predict(#"{"dataframe_records": [{"a": 1, "b": "x"}]}"#)
      #expect(answer.status == 429 && answer.headers[.retryAfter] == "1")
    }
    #expect(busy.plane.state.endpoints[0].refused["429"] == 1)
  }

  @Test("Only requests to this server's own name, from its own origin, are answered")
  func guardsHost() async throws {
    let test = try TestPlane()
    defer { test.close() }
    let guarded = Application(
      router: ScoringServer.router(plane: test.plane, token: test.token, hosts: AllowedHosts(port: 5001)))
    try await guarded.test(.router) { client async throws -> Void in
      func status(_ headers: HTTPFields, authority: String?) async throws -> Int {
        try await client.execute(uri: "/version", method: .get, headers: headers) { $0.status.code }
      }
      // The router's test client names 'localhost' without a port, which is not this server.
      #expect(try await status([:], authority: nil) == 421)
    }
    let hosts = AllowedHosts(port: 5001)
    #expect(hosts.contain("127.0.0.1:5001") && hosts.contain("localhost:5001") && hosts.contain("[::1]:5001"))
    #expect(!hosts.contain("evil.example:5001") && !hosts.contain("127.0.0.1") && !hosts.contain(nil))
    #expect(hosts.contain(origin: "http://127.0.0.1:5001") && !hosts.contain(origin: "http://evil.example"))
  }

  @Test("The token file is made once, for this user alone; one that others can read is refused")
  func keepsToken() throws {
    let folder = try TestPlane.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/scoring.token"
    let token = try AdminToken.load(path: path)
    #expect(try AdminToken.load(path: path).allows(token.authorization))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
    #expect(mode?.intValue == 0o600)
    chmod(path, 0o644)
    #expect(throws: MartletError.self) { try AdminToken.load(path: path) }
  }

  @Test("Only one process uses a data directory")
  func locks() throws {
    let folder = try TestPlane.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let lock = try FolderLock(path: folder + "/lock", holder: "a scoring process")
    #expect(throws: MartletError.self) { try FolderLock(path: folder + "/lock", holder: "a scoring process") }
    _ = lock
  }
}

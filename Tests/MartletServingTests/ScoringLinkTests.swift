import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import MartletCore
import MartletTesting
import Synchronization
import Testing

@testable import MartletServing

@Suite("The control plane's link to the scoring plane")
struct ScoringLinkTests {
  private static let now = TestPlane.now
  private static let author = Author(name: "ann", role: "devops")
  private static let table = OnlineTableDefinition(name: "w", entity: ["k"], columns: [.init("wind")])

  private func version(_ test: TestPlane, _ number: Int) throws -> DeployableVersion {
    let model = SumModel(columns: [.init(name: "wind", kind: .number)], bias: Double(number) * 100)
    let variant = try test.variant(number, model)
    return DeployableVersion(
      modelVersion: variant.modelVersion, packageFolder: variant.packageFolder,
      features: [.init(view: "w", entity: ["k"], values: ["wind"])], tables: [Self.table])
  }

  private func link(_ deployments: Deployments, _ port: @escaping @Sendable () -> Int?, _ token: AdminToken)
    -> ScoringLink
  {
    ScoringLink(
      deployments: deployments,
      connect: {
        guard let port = port() else { throw MartletError(.unavailable, "not running") }
        return ScoringClient(port: port, token: token, http: .shared)
      },
      rows: { _ in [.init(key: ["x"], at: nil, values: [1.5])] }, logger: Logger(label: "test"))
  }

  @Test("What the database says reaches the plane: configuration, whole tables, changed rows, and again after a loss")
  func follows() async throws {
    let test = try TestPlane()
    defer { test.close() }
    let deployments = Deployments(database: try await TestDatabase.sqlite()) { _ in }
    try await deployments.define(EndpointDefinition(name: "e", project: "p"), by: Self.author, at: Self.now)
    _ = try await deployments.start(try version(test, 1), on: "e", by: Self.author, at: Self.now)
    let port = Mutex<Int?>(nil)
    let link = link(deployments, { port.withLock { $0 } }, test.token)
    await #expect(throws: MartletError.self) { try await link.reconcile() }

    try await test.application.test(.live) { client async throws -> Void in
      port.withLock { $0 = client.port }
      func answer() async throws -> JSON? {
        try await client.predict(#"{"dataframe_records":[{"k":"x"}]}"#).json["predictions"]
      }
      let state = try await link.reconcile()
      #expect(state.epoch > 0 && state.tables.map(\.keys) == [1])
      #expect(try await answer() == [101.5])
      try await link.send([.init(key: ["x"], at: nil, values: [2.5])], to: Self.table)
      #expect(try await answer() == [102.5])
      // The plane forgets its rows, as after a restart.
      _ = try test.plane.apply(OnlinePatch(table: Self.table, after: nil, sequence: 1, rows: []))
      try await link.reconcile()
      #expect(try await answer() == [101.5])
      _ = try test.plane.apply(OnlinePatch(table: Self.table, after: nil, sequence: 1, rows: []))
      try await link.send([.init(key: ["x"], at: nil, values: [2.5])], to: Self.table)
      // The whole table first, then the rows that changed: those between two refreshes are not lost.
      #expect(try await answer() == [102.5])
      _ = try await deployments.start(try version(test, 2), on: "e", by: Self.author, at: Self.now)
      try await link.reconcile()
      #expect(try await answer() == [202.5])
    }
  }

  @Test("A plane that has a newer configuration from elsewhere is overtaken")
  func overtakes() async throws {
    let test = try TestPlane()
    defer { test.close() }
    try test.apply(epoch: 50, [try test.variant(9, TestPlane.simple)])
    let deployments = Deployments(database: try await TestDatabase.sqlite()) { _ in }
    try await deployments.define(EndpointDefinition(name: "mine", project: "p"), by: Self.author, at: Self.now)
    _ = try await deployments.start(try version(test, 1), on: "mine", by: Self.author, at: Self.now)
    try await test.application.test(.live) { client async throws -> Void in
      let port = client.port
      let state = try await link(deployments, { port }, test.token).reconcile()
      #expect(state.epoch == 51)
      #expect(state.endpoints.map(\.name) == ["mine"])
    }
  }
}

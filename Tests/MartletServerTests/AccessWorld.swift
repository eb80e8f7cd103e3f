import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletRegistry
import MartletStore
import MartletTracking
import NIOCore

@testable import MartletServer

/// A server with authentication, two projects, and somebody in every role.
struct AccessWorld {
  let plane: ControlPlane
  let router: Router<ServerContext>
  let run: RunID
  let experiment: ExperimentID
  let loggedModel: String
  /// A token of each account, by name.
  private(set) var tokens: [String: String] = [:]

  static let password = "correct horse battery"
  private static let root = Author(name: "root", role: "admin")

  var accounts: Accounts { plane.platform.accounts }

  /// - Parameter project: where everybody has their role; everywhere when nil.
  /// - Parameter store: the database's URL; SQLite unless told.
  init(rolesIn project: ProjectName? = nil, store: String? = nil) async throws {
    var configuration = TestServer.configuration(store: store)
    configuration.authentication = true
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    plane = try await ControlPlane(
      configuration: configuration, accounts: { .forTests(database: $0) }, logger: logger)
    router = try await buildRouter(
      plane: plane, address: LocalAddress(host: "127.0.0.1", port: 80), measures: RequestMeasures())
    try await plane.platform.database.write { connection in
      for name in ["alpha", "beta"] {
        try connection.execute("INSERT INTO projects (name, created_at) VALUES (?, 0)", [.text(name)])
      }
    }
    let tracker = plane.platform.tracker
    experiment = try await tracker.createExperiment(named: "alpha", by: Self.root)
    run = try await tracker.createRun(NewRun(experiment: experiment), by: Self.root).id
    loggedModel = try await tracker.createLoggedModel(NewLoggedModel(experiment: experiment), by: Self.root).id
    _ = try await plane.platform.registry.createModel(
      "model", tags: [Ownership.projectTag: "alpha"], by: Self.root)
    try await populate(project)
  }

  private mutating func populate(_ project: ProjectName?) async throws {
    let accounts = plane.platform.accounts
    _ = try await accounts.create("root", password: Self.password, grants: [Grant(.admin)], by: Self.root)
    for role in JobRole.allCases {
      _ = try await accounts.create(role.rawValue, password: nil, grants: [Grant(role, in: project)], by: Self.root)
    }
    _ = try await accounts.create("nobody", password: nil, by: Self.root)
    for user in try await accounts.users() {
      tokens[user.name] = try await accounts.createToken("test", of: user.name, by: Self.root).secret
    }
  }

  /// - Parameter user: an account's name; nil: nobody says who they are.
  func send(
    _ method: HTTPRequest.Method, _ path: String, as user: String?, headers: HTTPFields = [:], body: String? = nil
  ) async throws -> TestResponse {
    let (fields, content) = (self.headers(user, headers), body.map { ByteBuffer(string: $0) })
    return try await Application(router: router).test(.router) { client in
      try await client.execute(uri: path, method: method, headers: fields, body: content)
    }
  }

  func headers(_ user: String?, _ others: HTTPFields = [:]) -> HTTPFields {
    var headers = others
    if let user { headers[.authorization] = "Bearer \(tokens[user] ?? "none")" }
    return headers
  }

  func close() async { await plane.close() }
}

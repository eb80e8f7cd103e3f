import HTTPTypes
import Hummingbird
import MartletCore
import NIOPosix

/// What the control plane may do, with the token of the data directory: push a configuration, change online rows,
/// read the state, seal the log.
struct AdminRoutes: Sendable {
  let plane: ScoringPlane
  let token: AdminToken

  func add(to router: Router<BasicRequestContext>) {
    router.get("/admin/state") { request, _ in
      try check(request)
      return Reply.json(try await plane.threads.runIfActive { try JSON(encoding: plane.state).bytes })
    }
    router.put("/admin/configuration") { request, _ in
      try check(request)
      let configuration: ScoringConfiguration = try await read(request, limit: Self.configurationBytes)
      try await plane.threads.runIfActive { try plane.apply(configuration) }
      return try Reply.json(["epoch": configuration.epoch])
    }
    router.patch("/admin/online") { request, _ in
      try check(request)
      let patch: OnlinePatch = try await read(request, limit: Self.patchBytes)
      let sequence = try await plane.threads.runIfActive { try plane.apply(patch) }
      return try Reply.json(["sequence": sequence])
    }
    router.post("/admin/seal") { request, _ in
      try check(request)
      return try Reply.json(["segments": try await plane.seal()])
    }
  }

  private static let configurationBytes = 16 << 20
  private static let patchBytes = 256 << 20

  private func check(_ request: Request) throws {
    guard token.allows(request.headers[.authorization]) else {
      throw MartletError(
        .unauthenticated, "this route needs the scoring plane's token",
        fix: "send 'Authorization: Bearer …' with the token of the file scoring.token in the data directory")
    }
  }

  private func read<Value: Decodable & Sendable>(_ request: Request, limit: Int) async throws -> Value {
    guard case .json = try BodyFormat(contentType: request.headers[.contentType]) else {
      throw MartletError(.unsupportedMediaType, "this route reads application/json")
    }
    let bytes = try await ScoringRoutes.body(of: request, limit: limit)
    return try await plane.threads.runIfActive { try JSON.parse(bytes).decode() }
  }
}

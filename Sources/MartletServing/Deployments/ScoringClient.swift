package import AsyncHTTPClient
import MartletCore
import NIOCore
import NIOHTTP1

/// Talks to the scoring plane's administration on behalf of the control plane.
package struct ScoringClient: Sendable {
  private let base: String
  private let token: AdminToken
  private let http: HTTPClient

  package init(port: Int, token: AdminToken, http: HTTPClient) {
    base = "http://127.0.0.1:\(port)"
    self.token = token
    self.http = http
  }

  package func state() async throws -> ScoringState { try await send(.get, "/admin/state", nil).decode() }

  package func push(_ configuration: ScoringConfiguration) async throws {
    _ = try await send(.put, "/admin/configuration", JSON(encoding: configuration).bytes)
  }

  package func push(_ patch: OnlinePatch) async throws {
    _ = try await send(.patch, "/admin/online", JSON(encoding: patch).bytes)
  }

  /// Finishes the prediction log's segment; returns all sealed ones.
  package func seal() async throws -> [SealedSegment] {
    guard let segments = try await send(.post, "/admin/seal", nil)["segments"] else { return [] }
    return try segments.decode()
  }

  private enum Method: String { case get = "GET", put = "PUT", patch = "PATCH", post = "POST" }

  private func send(_ method: Method, _ path: String, _ body: [UInt8]?) async throws -> JSON {
    var request = HTTPClientRequest(url: base + path)
    request.method = .RAW(value: method.rawValue)
    request.headers.add(name: "authorization", value: token.authorization)
    if let body {
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(ByteBuffer(bytes: body))
    }
    let (status, answer) = try await exchange(request)
    let json = (try? JSON.parse(answer)) ?? .null
    guard status == 200 else { throw Self.failure(status, json) }
    return json
  }

  private func exchange(_ request: HTTPClientRequest) async throws -> (Int, [UInt8]) {
    do {
      let response = try await http.execute(request, timeout: .seconds(60))
      var body = try await response.body.collect(upTo: 64 << 20)
      return (Int(response.status.code), body.readBytes(length: body.readableBytes) ?? [])
    } catch {
      throw MartletError(.unavailable, "the scoring plane at \(base) cannot be reached", cause: "\(error)")
    }
  }

  private static func failure(_ status: Int, _ body: JSON) -> MartletError {
    let message = body["message"]?.string ?? "the scoring plane answered \(status)"
    let code: MartletError.Code =
      switch status {
      case 401: .unauthenticated
      case 404: .notFound
      case 409: .conflict
      case 413: .payloadTooLarge
      case 507: .storageFull
      case 503: .unavailable
      case 400..<500: .invalidInput
      default: .internalError
      }
    return MartletError(code, message)
  }
}

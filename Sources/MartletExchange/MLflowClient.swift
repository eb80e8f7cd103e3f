package import AsyncHTTPClient
import Foundation
package import MartletCore
package import NIOCore
import NIOHTTP1

/// The bytes of an answer, as they come.
package struct RemoteBytes: AsyncSequence, Sendable {
  package typealias Element = ByteBuffer
  let body: HTTPClientResponse.Body

  package struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var base: HTTPClientResponse.Body.AsyncIterator
    package mutating func next() async throws -> ByteBuffer? { try await base.next() }
  }

  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: body.makeAsyncIterator()) }
}

/// Asks a running MLflow server, as MLflow's own clients do.
package struct MLflowClient: Sendable {
  /// Without a slash at its end.
  package let server: String
  private let authorization: String?
  private let http: HTTPClient

  /// - Parameters:
  ///   - authorization: the header's value; nil: nothing is said about who asks.
  ///   - http: whom the connections belong to.
  package init(server: String, authorization: String?, http: HTTPClient) {
    self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
    self.authorization = authorization
    self.http = http
  }

  /// - Parameter environment: `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, or `MLFLOW_TRACKING_TOKEN`.
  package init(server: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
    let authorization: String?
    if let token = environment["MLFLOW_TRACKING_TOKEN"], !token.isEmpty {
      authorization = "Bearer \(token)"
    } else if let user = environment["MLFLOW_TRACKING_USERNAME"], !user.isEmpty {
      let password = environment["MLFLOW_TRACKING_PASSWORD"] ?? ""
      authorization = "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
    } else {
      authorization = nil
    }
    self.init(server: server, authorization: authorization, http: Self.http)
  }

  private static let http: HTTPClient = {
    var configuration = HTTPClient.Configuration()
    configuration.timeout.connect = .seconds(5)
    configuration.connectionPool.retryConnectionEstablishment = false
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  /// A GET whose answer is JSON.
  package func get(_ path: String, _ query: [(String, String)] = []) async throws -> JSON {
    let response = try await response(path, query, body: nil)
    return try JSON.parse(try await response.body.collect(upTo: 256 << 20).readableBytesView)
  }

  /// A GET whose answer has this shape, read without a JSON value in between, for large ones.
  func get<Shape: Decodable>(_ path: String, _ query: [(String, String)], as shape: Shape.Type) async throws -> Shape {
    let response = try await response(path, query, body: nil)
    let body = try await response.body.collect(upTo: 256 << 20)
    return try JSON.decode(snakeCase: shape, from: Data(body.readableBytesView))
  }

  /// A POST with JSON both ways.
  package func post(_ path: String, _ body: JSON) async throws -> JSON {
    let response = try await response(path, [], body: body)
    return try JSON.parse(try await response.body.collect(upTo: 256 << 20).readableBytesView)
  }

  /// The bytes at an address of this server, as they come.
  package func bytes(_ target: String) async throws -> RemoteBytes {
    RemoteBytes(body: try await response(target, [], body: nil).body)
  }

  private func response(_ path: String, _ query: [(String, String)], body: JSON?) async throws -> HTTPClientResponse {
    let pairs = query.map { "\(Self.escape($0.0))=\(Self.escape($0.1))" }
    var request = HTTPClientRequest(url: server + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")))
    if let authorization { request.headers.add(name: "Authorization", value: authorization) }
    if let body {
      request.method = .POST
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(ByteBuffer(bytes: body.bytes))
    }
    let response: HTTPClientResponse
    do {
      response = try await http.execute(request, timeout: .minutes(10))
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw MartletError(
        .unavailable, "the MLflow server at \(server) does not answer", cause: String("\(error)".prefix(200)),
        fix: "check the address, and that it is running; then run the command again: it goes on where it was")
    }
    guard response.status.code < 300 else { throw try await failure(response, path) }
    return response
  }

  private func failure(_ response: HTTPClientResponse, _ path: String) async throws -> MartletError {
    let body = try? await response.body.collect(upTo: 1 << 20)
    let message = body.flatMap { try? JSON.parse($0.readableBytesView) }?["message"]?.string
    let code: MartletError.Code =
      switch response.status.code {
      case 401: .unauthenticated
      case 403: .permissionDenied
      case 404: .notFound
      case 400..<500: .invalidInput
      default: .unavailable
      }
    return MartletError(
      code, "the MLflow server answered \(response.status.code) to \(path.prefix { $0 != "?" })", cause: message,
      fix: code == .unauthenticated ? "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" : nil)
  }

  package static func escape(_ text: String) -> String {
    let plain = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    return text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
  }
}

import AsyncHTTPClient
import Foundation
import MartletCore
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Speaks the native API: every command is a client of it, and there is no second path.
struct APIClient: Sendable {
  let server: String
  /// The value of `Authorization`; nil: nothing is said about who asks.
  let authorization: String?
  let http: HTTPClient
  private static let base = "/api/v1"

  enum Verb: String {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
  }

  init(server: String, authorization: String? = nil) {
    self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
    self.authorization = authorization
    http = Self.http
  }

  /// With `MARTLET_TOKEN`, else with the token that `martlet login` kept for the server.
  init(signedInAt server: String) throws {
    let token =
      if let token = ProcessInfo.processInfo.environment["MARTLET_TOKEN"], !token.isEmpty { token } else {
        try CredentialFile().entry(for: server)?.token
      }
    self.init(server: server, authorization: token.map { "Bearer \($0)" })
  }

  /// With a name and a password.
  init(server: String, name: String, password: String) {
    self.init(server: server, authorization: "Basic " + Data("\(name):\(password)".utf8).base64EncodedString())
  }

  /// A server that is not there is said at once, not tried again and again.
  private static let http: HTTPClient = {
    var configuration = HTTPClient.Configuration()
    configuration.timeout.connect = .seconds(5)
    if let file = ProcessInfo.processInfo.environment["MARTLET_SERVER_CERT"], !file.isEmpty {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(file)
      configuration.tlsConfiguration = tls
    }
    configuration.connectionPool.retryConnectionEstablishment = false
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  func get(_ path: String, query: [String: String?] = [:]) async throws -> JSON {
    try await json(request(.get, path, query))
  }

  @discardableResult
  func send(
    _ method: Verb, _ path: String, query: [String: String?] = [:], _ body: JSON? = nil,
    timeout: TimeAmount = .hours(12)
  ) async throws -> JSON {
    var request = request(method, path, query)
    if let body {
      request.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
      request.body = .bytes(ByteBuffer(bytes: body.bytes))
    }
    return try await json(request, timeout: timeout)
  }

  /// Sends a file as it is on disk, without holding it in memory.
  @discardableResult
  func upload(
    _ method: Verb, _ path: String, query: [String: String?] = [:], file: String, mediaType: String
  ) async throws -> JSON {
    let size = try LocalFile.size(file)
    var request = request(method, path, query)
    request.headers.replaceOrAdd(name: "Content-Type", value: mediaType)
    request.body = .stream(LocalFile(path: file), length: .known(Int64(size)))
    return try await json(request, timeout: .hours(12))
  }

  /// Sends bytes as they come, without holding them; how many there are is not known before.
  @discardableResult
  func upload<Bytes: AsyncSequence & Sendable>(
    _ method: Verb, _ path: String, bytes: Bytes, mediaType: String
  ) async throws -> JSON where Bytes.Element == ByteBuffer {
    var request = request(method, path, [:])
    request.headers.replaceOrAdd(name: "Content-Type", value: mediaType)
    request.body = .stream(bytes, length: .unknown)
    return try await json(request, timeout: .hours(12))
  }

  /// Sends bytes that are not JSON.
  @discardableResult
  func send(
    _ method: Verb, _ path: String, query: [String: String?] = [:], bytes: [UInt8], mediaType: String
  ) async throws -> JSON {
    var request = request(method, path, query)
    request.headers.replaceOrAdd(name: "Content-Type", value: mediaType)
    request.body = .bytes(ByteBuffer(bytes: bytes))
    return try await json(request, timeout: .hours(1))
  }

  /// All items of a list, page after page, at most `limit` of them.
  func items(_ path: String, query: [String: String?] = [:], limit: Int? = nil) async throws -> [JSON] {
    var (items, token): ([JSON], String?) = ([], nil)
    repeat {
      var query = query
      if let token { query["page_token"] = token }
      if let limit { query["limit"] = String(max(1, min(1000, limit - items.count))) }
      let page = try await get(path, query: query)
      items += page["items"]?.array ?? []
      token = page["next_token"]?.string
    } while token != nil && items.count < limit ?? .max
    return limit.map { Array(items.prefix($0)) } ?? items
  }

  /// Server-sent events until the server ends the stream.
  func events(
    _ path: String, query: [String: String?] = [:], _ body: (_ name: String?, _ data: JSON) async throws -> Void
  ) async throws {
    let response = try await response(request(.get, path, query), timeout: .hours(24))
    var parser = EventParser()
    for try await buffer in response.body {
      for event in parser.read(buffer.readableBytesView) {
        try await body(event.name, (try? JSON.parse(event.data)) ?? .string(event.data))
      }
    }
  }

  /// Text as it comes.
  func text(_ path: String, query: [String: String?] = [:]) async throws -> String {
    let response = try await response(request(.get, path, query), timeout: .minutes(10))
    return String(buffer: try await response.body.collect(upTo: 256 << 20))
  }

  private func request(_ method: Verb, _ path: String, _ query: [String: String?]) -> HTTPClientRequest {
    let pairs = query.compactMap { key, value in value.map { "\(Self.escape(key))=\(Self.escape($0))" } }.sorted()
    var request = HTTPClientRequest(
      url: server + Self.base + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")))
    request.method = .RAW(value: method.rawValue)
    request.headers.add(name: "Accept", value: "application/json")
    if let authorization { request.headers.add(name: "Authorization", value: authorization) }
    request.headers.add(name: "Martlet-Actor", value: ProcessInfo.processInfo.environment["USER"] ?? "local")
    return request
  }

  /// A value for one segment of a path, or for a query.
  static func escape(_ text: String) -> String {
    var plain = CharacterSet.alphanumerics
    plain.insert(charactersIn: "-._~")
    return text.addingPercentEncoding(
      withAllowedCharacters: plain.intersection(CharacterSet(charactersIn: Unicode.Scalar(0)..."\u{7F}")))
      ?? text
  }

  private func json(_ request: HTTPClientRequest, timeout: TimeAmount = .minutes(5)) async throws -> JSON {
    let response = try await response(request, timeout: timeout)
    let body = try await response.body.collect(upTo: 256 << 20)
    return body.readableBytes == 0 ? .null : try JSON.parse(body.readableBytesView, maxDepth: 200)
  }

  private func response(_ request: HTTPClientRequest, timeout: TimeAmount) async throws -> HTTPClientResponse {
    let response: HTTPClientResponse
    do {
      response = try await http.execute(request, deadline: .now() + timeout)
    } catch  where error is CancellationError || error is MartletError {
      // A file that could not be read says so itself.
      throw error
    } catch {
      throw unreachable(error)
    }
    guard response.status.code >= 300 else { return response }
    let body = try? await response.body.collect(upTo: 1 << 20)
    throw failure(response.status, body)
  }

  private func unreachable(_ error: any Error) -> MartletError {
    let cause = error is HTTPClientError || error is NIOConnectionError ? "no connection: \(error)" : "\(error)"
    return MartletError(
      .unavailable, "the server at \(server) does not answer", cause: String(cause.prefix(300)),
      fix: "start it with 'martlet up', or name another with --server URL")
  }

  private func failure(_ status: HTTPResponseStatus, _ body: ByteBuffer?) -> MartletError {
    let error = body.flatMap { try? JSON.parse($0.readableBytesView) }?["error"]
    let code = error?["code"]?.string.flatMap(MartletError.Code.init(rawValue:))
    return MartletError(
      code ?? .internalError, error?["message"]?.string ?? "the server answered \(status)",
      cause: error?["cause"]?.string,
      fix: error?["fix"]?.string)
  }
}

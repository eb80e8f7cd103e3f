import AsyncHTTPClient
import Foundation
import MartletCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// Signed requests to one bucket, by path (`endpoint/bucket/key`); tried again where that may help.
struct S3Client: Sendable {
  let account: S3Account
  let bucket: String
  var clock: WallClock = .system

  struct Request: Sendable {
    var method: HTTPMethod
    var key: String
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var body = Body.none
  }

  enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// A part of a file, whose SHA-256 in hexadecimal is known.
    case pieces(FilePieces, sha256: String)
  }

  private static let attempts = 3
  private static let longestText = 64 << 10

  // Lives as long as the process, as a client that is let go must have been shut down.
  private static let http = HTTPClient(
    eventLoopGroupProvider: .singleton,
    configuration: {
      var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
      configuration.timeout.connect = .seconds(5)
      configuration.timeout.read = .seconds(30)
      configuration.connectionPool.retryConnectionEstablishment = false
      configuration.httpVersion = .http1Only
      return configuration
    }())

  /// The answer to a request that succeeded; its body is not read yet.
  ///
  /// - Throws: an `S3Failure`, after a few attempts where S3 is away or busy.
  func answer(to request: Request) async throws -> HTTPClientResponse {
    var attempt = 1
    while true {
      do {
        return try await attemptOnce(request)
      } catch let failure as S3Failure where failure.mayPass && attempt < Self.attempts {
        try await Task.sleep(for: .milliseconds(100 << attempt))
        attempt += 1
      }
    }
  }

  /// The text that S3 answers with.
  func text(of request: Request) async throws -> String {
    let response = try await answer(to: request)
    return await Self.text(of: response)
  }

  /// Sends, and lets go of what comes back.
  @discardableResult
  func headers(of request: Request) async throws -> HTTPHeaders {
    let response = try await answer(to: request)
    _ = await Self.text(of: response)
    return response.headers
  }

  private func attemptOnce(_ request: Request) async throws -> HTTPClientResponse {
    let response: HTTPClientResponse
    do {
      response = try await Self.http.execute(signed(request), deadline: .now() + .minutes(15))
    } catch let error as MartletError {
      throw error
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw S3Failure(unreachable: error)
    }
    guard (200...299).contains(response.status.code) else {
      throw S3Failure(status: Int(response.status.code), text: await Self.text(of: response))
    }
    return response
  }

  private func signed(_ request: Request) -> HTTPClientRequest {
    let path = "/\(bucket)/" + S3Signature.encoded(request.key, keepingSlashes: true)
    let query = S3Signature.query(request.query)
    var http = HTTPClientRequest(url: account.endpoint + path + (query.isEmpty ? "" : "?\(query)"))
    http.method = request.method
    let payload: String
    switch request.body {
    case .none: payload = S3Signature.sha256([])
    case .bytes(let bytes):
      payload = S3Signature.sha256(bytes)
      http.body = .bytes(ByteBuffer(bytes: bytes))
    case .pieces(let pieces, let hash):
      payload = hash
      http.body = .stream(pieces, length: .known(pieces.range.upperBound - pieces.range.lowerBound))
    }
    let message = S3Signature.Message(
      method: request.method.rawValue, path: path, query: request.query, headers: request.headers, payload: payload)
    for header in S3Signature(account: account).headers(for: message, at: clock.now) {
      http.headers.add(name: header.name, value: header.value)
    }
    return http
  }

  private static func text(of response: HTTPClientResponse) async -> String {
    var text = ByteBuffer()
    do {
      for try await var part in response.body where text.readableBytes < longestText { text.writeBuffer(&part) }
    } catch {}
    return String(decoding: text.readableBytesView.prefix(longestText), as: UTF8.self)
  }
}

import AsyncHTTPClient
import Foundation
import MartletCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// The one way out: resolves a host, refuses addresses that are not public, connects to the address it resolved, follows
/// no redirect.
///
/// Its errors name no address: the address of a webhook is a secret.
package struct OutboundClient: Sendable {
  private let policy: OutboundPolicy

  package init(policy: OutboundPolicy) { self.policy = policy }

  /// What a receiver answered.
  package struct Answer: Sendable, Hashable {
    package var status: Int
    /// The beginning of its body.
    package var text: String
  }

  /// How much of an answer is read, in bytes.
  private static let longestAnswer = 4096

  /// Posts JSON and returns the status; an answer that is not 2xx is not an error here.
  package func post(
    _ body: [UInt8], headers: [(name: String, value: String)] = [], to url: String, timeout: Duration = .seconds(10)
  ) async throws -> Int {
    try await answer(to: body, headers: headers, at: url, timeout: timeout).status
  }

  /// Posts JSON and returns the answer with the beginning of its body.
  package func answer(
    to body: [UInt8], headers: [(name: String, value: String)] = [], at url: String, timeout: Duration = .seconds(10)
  ) async throws -> Answer {
    let target = try OutboundTarget(url)
    let host = target.host
    let address = try await resolve(host, port: target.port)
    guard policy.permits(address, host: host) else {
      throw MartletError(
        .permissionDenied, "the webhook's host resolves to an address that is not public",
        fix: "allow it in the server's configuration: martlet up --allow-outbound HOST[:PORT]")
    }
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout.connect = .seconds(5)
    configuration.connectionPool.retryConnectionEstablishment = false
    if let ip = address.ipAddress { configuration.dnsOverride = [host: ip] }
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    for header in headers { request.headers.add(name: header.name, value: header.value) }
    request.body = .bytes(ByteBuffer(bytes: body))
    return try await send(request, configuration, timeout: timeout)
  }

  private func send(_ request: HTTPClientRequest, _ configuration: HTTPClient.Configuration, timeout: Duration)
    async throws -> Answer
  {
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result: Result<Answer, any Error>
    do {
      let end = ContinuousClock.now + timeout
      let response = try await client.execute(request, timeout: .milliseconds(timeout.wholeMilliseconds))
      let text = await Self.beginning(of: response.body, until: end)
      result = .success(Answer(status: Int(response.status.code), text: text))
    } catch {
      result = .failure(error)
    }
    try? await client.shutdown()
    do { return try result.get() } catch { throw Self.unreachable(error) }
  }

  /// What has come of the body by a time; a receiver that has answered with its status has answered.
  private static func beginning(of body: HTTPClientResponse.Body, until end: ContinuousClock.Instant) async -> String {
    await withTaskGroup(of: String.self) { group in
      group.addTask {
        var read = ByteBuffer()
        do {
          for try await var part in body {
            read.writeBuffer(&part)
            if read.readableBytes >= longestAnswer { break }
          }
        } catch {}
        return String(decoding: read.readableBytesView.prefix(longestAnswer), as: UTF8.self)
      }
      group.addTask {
        try? await Task.sleep(until: end, clock: .continuous)
        return ""
      }
      let text = await group.next() ?? ""
      group.cancelAll()
      return text
    }
  }

  private static func unreachable(_ error: any Error) -> MartletError {
    MartletError(.unavailable, "the webhook could not be reached", cause: cause(error))
  }

  /// What went wrong, without the address that some errors carry.
  private static func cause(_ error: any Error) -> String {
    if error is NIOConnectionError { return "no connection" }
    if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
    switch error as? HTTPClientError {
    case .connectTimeout, .deadlineExceeded, .readTimeout: return "it did not answer in time"
    case .remoteConnectionClosed: return "it closed the connection"
    default: return "\(type(of: error))"
    }
  }

  private func resolve(_ host: String, port: Int) async throws -> SocketAddress {
    do {
      return try await NIOThreadPool.singleton.runIfActive {
        try SocketAddress.makeAddressResolvingHost(host, port: port)
      }
    } catch {
      throw MartletError(.unavailable, "the webhook's host cannot be resolved")
    }
  }
}

import AsyncHTTPClient
import Foundation
import Logging
package import MartletCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// The one way out: resolves a host, refuses addresses that are not public, connects to the address it resolved, follows
/// no redirect.
package struct OutboundClient: Sendable {
  private let policy: OutboundPolicy

  package init(policy: OutboundPolicy) { self.policy = policy }

  /// Posts JSON and returns the status; an answer that is not 2xx is not an error here.
  package func post(_ body: JSON, to url: String, timeout: Duration = .seconds(10)) async throws -> Int {
    guard let parts = URL(string: url), let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
      let host = parts.host, !host.isEmpty
    else { throw MartletError.invalidInput("the address of the webhook is not an http or https URL") }
    let address = try await resolve(host, port: parts.port ?? (scheme == "https" ? 443 : 80))
    guard policy.permits(address, host: host) else {
      throw MartletError(
        .permissionDenied, "the webhook's host resolves to an address that is not public",
        fix: "allow it in the server's configuration: martlet up --allow-outbound HOST[:PORT]")
    }
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    if let ip = address.ipAddress { configuration.dnsOverride = [host: ip] }
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
      var request = HTTPClientRequest(url: url)
      request.method = .POST
      request.headers.add(name: "content-type", value: "application/json")
      request.body = .bytes(body.bytes)
      let response = try await client.execute(request, timeout: .milliseconds(timeout.wholeMilliseconds))
      try await client.shutdown()
      return Int(response.status.code)
    } catch {
      try? await client.shutdown()
      throw MartletError(.unavailable, "the webhook could not be reached", cause: String(describing: error))
    }
  }

  private func resolve(_ host: String, port: Int) async throws -> SocketAddress {
    do {
      return try await NIOThreadPool.singleton.runIfActive {
        try SocketAddress.makeAddressResolvingHost(host, port: port)
      }
    } catch {
      throw MartletError(.unavailable, "the webhook's host cannot be resolved", cause: String(describing: error))
    }
  }
}

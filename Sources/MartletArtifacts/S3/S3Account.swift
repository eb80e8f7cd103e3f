import Foundation
import MartletCore

/// Who asks S3, and where it answers.
package struct S3Account: Sendable {
  let keyID: String
  let secret: String
  /// Of temporary credentials.
  let token: String?
  let region: String
  /// Scheme, host and port, without a slash at the end.
  let endpoint: String

  init(keyID: String, secret: String, token: String? = nil, region: String = "us-east-1", endpoint: String) {
    self.keyID = keyID
    self.secret = secret
    self.token = token
    self.region = region
    self.endpoint = endpoint
  }

  /// Reads the `AWS_…` variables that AWS's own tools read.
  ///
  /// - Parameter endpoint: comes before the environment's; it may be a private address, as the server's owner names it.
  package init(environment: [String: String], endpoint told: String? = nil) throws {
    func value(_ names: String...) -> String? { names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } }
    guard let keyID = value("AWS_ACCESS_KEY_ID"), let secret = value("AWS_SECRET_ACCESS_KEY") else {
      throw MartletError.invalidInput(
        "there are no credentials for S3", fix: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for the server")
    }
    let region = value("AWS_REGION", "AWS_DEFAULT_REGION") ?? "us-east-1"
    let named = told ?? value("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") ?? "https://s3.\(region).amazonaws.com"
    self.init(
      keyID: keyID, secret: secret, token: value("AWS_SESSION_TOKEN"), region: region,
      endpoint: try Self.checked(named))
  }

  /// Host and port, as the `Host` header says them.
  var host: String { endpoint.range(of: "://").map { String(endpoint[$0.upperBound...]) } ?? endpoint }

  private static func checked(_ endpoint: String) throws -> String {
    let plain = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
    guard let parts = URLComponents(string: plain), ["http", "https"].contains(parts.scheme ?? ""),
      let host = parts.host, !host.isEmpty, parts.path.isEmpty, parts.query == nil, parts.fragment == nil,
      parts.user == nil, parts.password == nil
    else {
      throw MartletError.invalidInput(
        "the address of S3 is not understood", fix: "write scheme, host and port, such as https://s3.example.com:9000")
    }
    // The default port is left out of `Host` by HTTP clients, and so out of what is signed.
    switch (parts.scheme, parts.port) {
    case ("http", 80), ("https", 443): return "\(parts.scheme ?? "")://\(host)"
    default: return plain
    }
  }
}

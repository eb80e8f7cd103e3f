import Crypto
import Foundation
import MartletCore

/// AWS Signature Version 4 in the `Authorization` header, for S3.
///
/// Source: "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)", Amazon S3 API Reference.
struct S3Signature: Sendable {
  let account: S3Account

  /// What is signed of a request.
  struct Message {
    var method: String
    /// Percent-encoded, with the slash at its start.
    var path: String
    /// Not encoded.
    var query: [(name: String, value: String)] = []
    /// Beside `host`, `x-amz-date` and the other `x-amz-…` headers, which are added; names in lower case.
    var headers: [(name: String, value: String)] = []
    /// SHA-256 of the body, in hexadecimal.
    var payload: String
  }

  /// The headers to send, without `host`.
  func headers(for message: Message, at moment: Timestamp) -> [(name: String, value: String)] {
    let time = Self.text(moment)
    var sent = message.headers + [("x-amz-content-sha256", message.payload), ("x-amz-date", time)]
    if let token = account.token { sent.append(("x-amz-security-token", token)) }
    let signed = (sent + [("host", account.host)]).sorted { $0.name < $1.name }
    let names = signed.map(\.name).joined(separator: ";")
    let canonical = [
      message.method, message.path, Self.query(message.query),
      signed.map { "\($0.name):\($0.value.trimmingCharacters(in: .whitespaces))\n" }.joined(), names, message.payload,
    ].joined(separator: "\n")
    let day = String(time.prefix(8))
    let scope = "\(day)/\(account.region)/s3/aws4_request"
    let toSign = ["AWS4-HMAC-SHA256", time, scope, Self.sha256(Array(canonical.utf8))].joined(separator: "\n")
    let signature = Self.hex(Self.hmac(key(day), toSign))
    sent.append(
      (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=\(account.keyID)/\(scope),SignedHeaders=\(names),Signature=\(signature)"
      ))
    return sent
  }

  /// Names and values percent-encoded, sorted by name.
  static func query(_ items: [(name: String, value: String)]) -> String {
    items.map { (encoded($0.name), encoded($0.value)) }.sorted { $0 < $1 }.map { "\($0.0)=\($0.1)" }
      .joined(separator: "&")
  }

  /// Everything but unreserved characters percent-encoded; slashes too, unless they part a path.
  static func encoded(_ text: String, keepingSlashes: Bool = false) -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = UnicodeScalar(byte)
      switch scalar {
      case "A"..."Z", "a"..."z", "0"..."9", "-", ".", "_", "~": result.unicodeScalars.append(scalar)
      case "/" where keepingSlashes: result.unicodeScalars.append(scalar)
      default: result += "%" + hex([byte]).uppercased()
      }
    }
    return result
  }

  static func sha256(_ bytes: [UInt8]) -> String { hex(Array(SHA256.hash(data: bytes))) }

  private func key(_ day: String) -> [UInt8] {
    [day, account.region, "s3", "aws4_request"].reduce(Array("AWS4\(account.secret)".utf8)) { Self.hmac($0, $1) }
  }

  private static func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// `20130524T000000Z`.
  private static func text(_ moment: Timestamp) -> String {
    var seconds = time_t(moment.milliseconds / 1000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
    let day = "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))"
    return "\(day)T\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))Z"
  }
}

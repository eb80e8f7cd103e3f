import Crypto
import Foundation
import MartletCore

/// The headers of a webhook as the Standard Webhooks specification has them: `webhook-id`, `webhook-timestamp` and, with
/// a key, `webhook-signature`, an HMAC-SHA256 over `id.timestamp.body`.
///
/// Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, version 1.0.0.
enum WebhookSignature {
  /// - Parameters:
  ///   - time: of this attempt; receivers refuse old ones.
  ///   - key: `whsec_` and base64, or any other text, whose bytes are the key; nil: nothing is signed.
  static func headers(id: String, at time: Timestamp, body: [UInt8], key: String?) throws -> [(
    name: String, value: String
  )] {
    let seconds = String(time.milliseconds / 1000)
    let headers = [(name: "webhook-id", value: id), (name: "webhook-timestamp", value: seconds)]
    guard let key else { return headers }
    var hash = HMAC<SHA256>(key: SymmetricKey(data: try bytes(of: key)))
    hash.update(data: Data("\(id).\(seconds).".utf8))
    hash.update(data: Data(body))
    return headers + [(name: "webhook-signature", value: "v1,\(Data(hash.finalize()).base64EncodedString())")]
  }

  private static func bytes(of key: String) throws -> Data {
    guard key.hasPrefix("whsec_") else { return Data(key.utf8) }
    guard let data = Data(base64Encoded: String(key.dropFirst("whsec_".count))), !data.isEmpty else {
      throw MartletError.invalidInput("the webhook's signing key starts with whsec_ and is not base64 after it")
    }
    return data
  }
}

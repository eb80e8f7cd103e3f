import Crypto
import Foundation
import MartletCore

/// The headers of signed messages: of a project's notifications as the Standard Webhooks specification has them: `webhook-id`, `webhook-timestamp` and, with
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
    return headers + [(name: "webhook-signature", value: signature(id, seconds, body, key: try bytes(of: key)))]
  }

  /// The same content and signature under MLflow's names (mlflow/webhooks/delivery.py), where a secret is always taken
  /// as text. An empty one signs nothing.
  static func mlflowHeaders(id: String, at time: Timestamp, body: [UInt8], secret: String?) -> [(
    name: String, value: String
  )] {
    let seconds = String(time.milliseconds / 1000)
    let headers = [(name: "X-MLflow-Delivery-Id", value: id), (name: "X-MLflow-Timestamp", value: seconds)]
    guard let secret, !secret.isEmpty else { return headers }
    return headers + [(name: "X-MLflow-Signature", value: signature(id, seconds, body, key: Data(secret.utf8)))]
  }

  /// `v1,` and the HMAC-SHA256 over `id.timestamp.body` in base64.
  private static func signature(_ id: String, _ seconds: String, _ body: [UInt8], key: Data) -> String {
    var hash = HMAC<SHA256>(key: SymmetricKey(data: key))
    hash.update(data: Data("\(id).\(seconds).".utf8))
    hash.update(data: Data(body))
    return "v1,\(Data(hash.finalize()).base64EncodedString())"
  }

  private static func bytes(of key: String) throws -> Data {
    guard key.hasPrefix("whsec_") else { return Data(key.utf8) }
    guard let data = Data(base64Encoded: String(key.dropFirst("whsec_".count))), !data.isEmpty else {
      throw MartletError.invalidInput("the webhook's signing key starts with whsec_ and is not base64 after it")
    }
    return data
  }
}

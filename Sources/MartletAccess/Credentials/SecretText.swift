import Crypto
import Foundation
import MartletCore

/// Random secrets as text, and the hashes that are kept in their place.
package enum SecretText {
  /// The beginning of every API token, so that one is recognised where it should not be.
  package static let tokenPrefix = "mlt_"
  /// The beginning of a token that creates the first administrator.
  package static let setupPrefix = "mls_"

  /// 32 random bytes in base64url, 43 characters, after a prefix.
  package static func random(_ prefix: String = "") -> String {
    var generator = SystemRandomNumberGenerator()
    let words = (0..<4).map { _ in generator.next() as UInt64 }
    let bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) } }
    return prefix + base64URL(bytes)
  }

  /// SHA-256: enough for 256 random bits, which nobody guesses.
  package static func hash(_ secret: String) -> String {
    MartletCore.Digest(bytes: SHA256.hash(data: Data(secret.utf8))).hex
  }

  private static func base64URL(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }
}

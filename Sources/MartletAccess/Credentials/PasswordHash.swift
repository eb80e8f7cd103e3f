import Crypto
import CryptoExtras
import Foundation
import MartletCore

/// A password as it is kept: scrypt with its parameters and salt, as a PHC string
/// (`$scrypt$ln=15,r=8,p=3$salt$hash`, github.com/P-H-C/phc-string-format).
struct PasswordHash: Sendable, Hashable {
  /// What one derivation costs.
  struct Cost: Sendable, Hashable {
    /// The binary logarithm of N.
    var logN: Int
    var r: Int
    var p: Int

    /// 32 MiB, some tenths of a second.
    static let standard = Cost(logN: 15, r: 8, p: 3)
    /// For tests.
    static let trivial = Cost(logN: 4, r: 8, p: 1)
  }

  var cost: Cost
  var salt: [UInt8]
  var hash: [UInt8]

  /// Derives the hash of a new password; blocking, for a thread of its own.
  static func make(_ password: String, cost: Cost) throws -> PasswordHash {
    var generator = SystemRandomNumberGenerator()
    let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    return PasswordHash(cost: cost, salt: salt, hash: try derive(password, salt, cost))
  }

  /// Whether this is the password; blocking, for a thread of its own. Compares in constant time.
  func matches(_ password: String) throws -> Bool {
    let given = try Self.derive(password, salt, cost)
    guard given.count == hash.count else { return false }
    return zip(given, hash).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static func derive(_ password: String, _ salt: [UInt8], _ cost: Cost) throws -> [UInt8] {
    do {
      let key = try KDF.Scrypt.deriveKey(
        from: Data(password.utf8), salt: Data(salt), outputByteCount: 32, rounds: 1 << cost.logN, blockSize: cost.r,
        parallelism: cost.p)
      return key.withUnsafeBytes { Array($0) }
    } catch {
      throw MartletError(.internalError, "a password could not be derived", cause: "\(error)")
    }
  }

  // MARK: Text

  var text: String {
    "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Self.unpadded(salt))$\(Self.unpadded(hash))"
  }

  init(cost: Cost, salt: [UInt8], hash: [UInt8]) {
    self.cost = cost
    self.salt = salt
    self.hash = hash
  }

  /// Nil for text that is no such string, or asks for more work than this server does.
  init?(text: String) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
    var values: [String: Int] = [:]
    for pair in parts[2].split(separator: ",") {
      let halves = pair.split(separator: "=", maxSplits: 1)
      guard halves.count == 2, let number = Int(halves[1]) else { return nil }
      values[String(halves[0])] = number
    }
    guard let logN = values["ln"], let r = values["r"], let p = values["p"], (1...20).contains(logN),
      (1...32).contains(r), (1...16).contains(p), let salt = Self.bytes(parts[3]), let hash = Self.bytes(parts[4])
    else { return nil }
    self.init(cost: Cost(logN: logN, r: r, p: p), salt: salt, hash: hash)
  }

  private static func unpadded(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().replacing("=", with: "")
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4)).map(Array.init)
  }
}

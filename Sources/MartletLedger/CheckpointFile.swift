import Crypto
import Foundation
import MartletCore
import NIOPosix

/// The newest sealed entry, signed (Ed25519) and kept outside the database.
///
/// `path` holds one line of JSON: sequence, hash, signature, and the public key to check it by; `path.key` holds the
/// private key, readable by its owner only. Whoever copies the line elsewhere can later prove what the ledger was.
package struct CheckpointFile: Sendable {
  package let path: String

  package init(path: String) { self.path = path }

  private struct Line: Codable {
    var sequence: Int64
    var hash: String
    var signature: String
    var publicKey: String
  }

  /// Replaces the file by one for `head`; durable when it returns.
  func write(_ head: LedgerHead) async throws {
    try await NIOThreadPool.singleton.runIfActive {
      let key = try privateKey()
      let line = Line(
        sequence: head.sequence, hash: head.hash,
        signature: try key.signature(for: Self.signedText(head)).base64EncodedString(),
        publicKey: key.publicKey.rawRepresentation.base64EncodedString())
      try PrivateFile.replace(path, by: try JSON(encoding: line).bytes + [UInt8(ascii: "\n")])
    }
  }

  enum Known: Sendable {
    /// No checkpoint was ever written here.
    case nothing
    /// There is a key without a checkpoint: the very first one was interrupted, or somebody removed it.
    case onlyKey
    case signed(LedgerHead)
  }

  /// What was last written. Throws when the file or its signature was changed.
  func read() async throws -> Known {
    try await NIOThreadPool.singleton.runIfActive {
      guard let bytes = FileManager.default.contents(atPath: path) else {
        return FileManager.default.fileExists(atPath: keyPath) ? .onlyKey : .nothing
      }
      guard let line: Line = try? JSON.parse(bytes).decode() else { throw changed("it is not readable") }
      guard let key = try storedKey()?.publicKey else { throw changed("its key file is missing") }
      let head = LedgerHead(sequence: line.sequence, hash: line.hash)
      guard line.publicKey == key.rawRepresentation.base64EncodedString() else { throw changed("its key is another") }
      guard let signature = Data(base64Encoded: line.signature),
        key.isValidSignature(signature, for: Self.signedText(head))
      else { throw changed("its signature does not fit") }
      return .signed(head)
    }
  }

  private var keyPath: String { path + ".key" }

  private static func signedText(_ head: LedgerHead) -> Data {
    Data("martlet ledger \(head.sequence) \(head.hash)".utf8)
  }

  private func storedKey() throws -> Curve25519.Signing.PrivateKey? {
    guard let stored = FileManager.default.contents(atPath: keyPath) else { return nil }
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: stored) else {
      throw changed("its key file is not readable")
    }
    return key
  }

  private func privateKey() throws -> Curve25519.Signing.PrivateKey {
    if let key = try storedKey() { return key }
    let key = Curve25519.Signing.PrivateKey()
    try PrivateFile.replace(keyPath, by: Array(key.rawRepresentation))
    return key
  }

  func changed(_ why: String) -> MartletError {
    MartletError(
      .checkFailed, "the ledger's checkpoint '\(path)' cannot be trusted", cause: why,
      fix: "compare with a copy of the checkpoint kept elsewhere, and restore a backup")
  }
}

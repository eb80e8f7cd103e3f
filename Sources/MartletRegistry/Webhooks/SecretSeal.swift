import Crypto
import Foundation
import Glibc
import MartletCore
import MartletLedger
import NIOPosix
import Synchronization

/// Keeps secrets sealed in the database: AES-GCM with a key of 256 bits that lies in a file of its own, readable by its
/// owner only, so that a copy of the database alone tells no secret.
///
/// What a secret belongs to is authenticated with it: sealed text moved to another owner does not open.
package final class SecretSeal: Sendable {
  private let path: String
  private let key = Mutex<SymmetricKey?>(nil)

  /// - Parameter keyFile: made when the first secret is sealed.
  package init(keyFile: String) { path = keyFile }

  /// Seals a secret of `owner`, as base64.
  package func seal(_ secret: String, of owner: String) async throws -> String {
    try await NIOThreadPool.singleton.runIfActive {
      let box = try AES.GCM.seal(
        Data(secret.utf8), using: self.existingKey(orNew: true), authenticating: Data(owner.utf8))
      guard let combined = box.combined else { throw self.unusable("the secret could not be sealed") }
      return combined.base64EncodedString()
    }
  }

  /// - Throws: when the key file is missing, another one, or one that others can read; the error holds no secret.
  package func open(_ sealed: String, of owner: String) async throws -> String {
    try await NIOThreadPool.singleton.runIfActive {
      guard let data = Data(base64Encoded: sealed), let box = try? AES.GCM.SealedBox(combined: data) else {
        throw self.unusable("what is stored is not a sealed secret")
      }
      let key = try self.existingKey(orNew: false)
      guard let opened = try? AES.GCM.open(box, using: key, authenticating: Data(owner.utf8)) else {
        throw self.unusable("it was sealed with another key")
      }
      return String(decoding: opened, as: UTF8.self)
    }
  }

  private func existingKey(orNew makes: Bool) throws -> SymmetricKey {
    try key.withLock { kept in
      if let kept { return kept }
      let found: SymmetricKey
      if let stored = try stored() {
        found = stored
      } else if makes {
        found = SymmetricKey(size: .bits256)
        try PrivateFile.replace(path, by: found.withUnsafeBytes { Array($0) })
      } else {
        throw unusable("the key file is missing")
      }
      kept = found
      return found
    }
  }

  private func stored() throws -> SymmetricKey? {
    let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw unusable(String(cString: strerror(errno)))
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
      throw unusable("others than its owner can read the key file", fix: "chmod 600 \(path)")
    }
    guard let data = try file.read(upToCount: 64), data.count == 32 else { throw unusable("the key file is no key") }
    return SymmetricKey(data: data)
  }

  private func unusable(_ cause: String, fix: String? = nil) -> MartletError {
    MartletError(
      .unavailable, "the webhook's secret cannot be used", cause: cause,
      fix: fix ?? "restore the file '\(path)' from a backup, or give the webhook its secret again")
  }
}

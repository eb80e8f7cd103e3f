import Crypto
import MartletCore

/// SHA-256 of bytes that come piece by piece.
struct ContentHash {
  private var hash = SHA256()

  mutating func add(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  var digest: MartletCore.Digest { MartletCore.Digest(bytes: hash.finalize()) }
}

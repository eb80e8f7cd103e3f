import Foundation
import MartletCore

/// A file read in pieces; closed when it is let go.
final class SourceFile {
  private let path: String
  private let descriptor: Int32
  /// Bytes, when it was opened.
  let size: Int64
  private var position: Int64 = 0

  private static let pieceSize = 1 << 20

  /// Refuses what is not a plain file: a folder, a link, or a pipe that might never end.
  init(_ path: String) throws {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
    guard descriptor >= 0 else {
      throw errno == ELOOP
        ? MartletError.invalidInput("'\(path)' is a link, not a plain file")
        : MartletError(file: errno, "the file '\(path)' could not be read")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw MartletError.invalidInput("'\(path)' is not a plain file")
    }
    size = Int64(status.st_size)
  }

  deinit { close(descriptor) }

  /// The next piece; nil at the end.
  func next() throws -> [UInt8]? {
    let piece = try read(Self.pieceSize, at: position)
    position += Int64(piece.count)
    return piece.isEmpty ? nil : piece
  }

  /// The bytes of `range`; fails when the file ends before.
  func bytes(_ range: Range<Int64>) throws -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    while result.count < range.count {
      let piece = try read(min(range.count - result.count, Self.pieceSize), at: range.lowerBound + Int64(result.count))
      guard !piece.isEmpty else {
        throw MartletError(.unavailable, "the file '\(path)' ended before byte \(range.upperBound)")
      }
      result.append(contentsOf: piece)
    }
    return result
  }

  private func read(_ count: Int, at offset: Int64) throws -> [UInt8] {
    try Array(unsafeUninitializedCapacity: count) { buffer, filled in
      var got = pread(descriptor, buffer.baseAddress, count, off_t(offset))
      while got < 0, errno == EINTR { got = pread(descriptor, buffer.baseAddress, count, off_t(offset)) }
      guard got >= 0 else { throw MartletError(file: errno, "the file '\(path)' could not be read") }
      filled = got
    }
  }
}

import Foundation
import NIOCore
import NIOPosix

/// A part of a file as buffers, read on a thread pool while it is sent.
struct FilePieces: AsyncSequence, Sendable {
  typealias Element = ByteBuffer

  let path: String
  let range: Range<Int64>
  let threads: NIOThreadPool

  private static let pieceSize: Int64 = 256 << 10

  func makeAsyncIterator() -> Iterator { Iterator(pieces: self) }

  struct Iterator: AsyncIteratorProtocol {
    private let pieces: FilePieces
    private var position: Int64
    // Used by one call of `next` at a time.
    private struct Source: @unchecked Sendable { let file: SourceFile }
    private var source: Source?

    init(pieces: FilePieces) {
      self.pieces = pieces
      position = pieces.range.lowerBound
    }

    mutating func next() async throws -> ByteBuffer? {
      let end = Swift.min(position + FilePieces.pieceSize, pieces.range.upperBound)
      guard position < end else { return nil }
      let (start, path, opened) = (position, pieces.path, source)
      let (file, bytes) = try await pieces.threads.runIfActive {
        let file = try opened ?? Source(file: SourceFile(path))
        return (file, ByteBuffer(bytes: try file.file.bytes(start..<end)))
      }
      source = file
      position = end
      return bytes
    }
  }
}

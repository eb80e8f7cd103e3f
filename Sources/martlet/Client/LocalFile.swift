import Foundation
import MartletCore
import NIOCore
import NIOPosix

/// A file of the user's, read in pieces on a thread of its own.
struct LocalFile: AsyncSequence, Sendable {
  typealias Element = ByteBuffer
  let path: String

  struct AsyncIterator: AsyncIteratorProtocol {
    let path: String
    var handle: FileHandle?

    mutating func next() async throws -> ByteBuffer? {
      let open = handle
      let path = path
      let (opened, data) = try await NIOThreadPool.singleton.runIfActive {
        let handle = try open ?? LocalFile.open(path)
        return (handle, try handle.read(upToCount: 256 << 10))
      }
      handle = opened
      guard let data, !data.isEmpty else {
        try? opened.close()
        return nil
      }
      return ByteBuffer(bytes: data)
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(path: path) }

  /// Bytes in the file.
  static func size(_ path: String) throws -> Int {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw unreadable(path) }
    return Int(status.st_size)
  }

  private static func open(_ path: String) throws -> FileHandle {
    guard let handle = FileHandle(forReadingAtPath: path) else { throw unreadable(path) }
    return handle
  }

  private static func unreadable(_ path: String) -> MartletError {
    MartletError(
      .notFound, "the file \(path) cannot be read", cause: String(cString: strerror(errno)),
      fix: "check the path, and that you may read it")
  }
}

import Foundation
import MartletCore
import Synchronization

/// Which files of a local folder are kept while the blobs themselves lie elsewhere.
///
/// A file that was handed out within the last hour stays, so that a job which was given its path finds it; a file that
/// is open or linked keeps its bytes in any case. Beyond that the longest unused go first, down to four fifths of the
/// limit. Methods block.
package final class BlobCache: Sendable {
  private struct State {
    var bytes: Int64 = 0
    var nextSweep: Int64
  }

  private let folder: String
  /// Bytes.
  private let limit: Int64
  private let state: Mutex<State>

  static let lease: Int64 = 3600

  init(folder: String, limit: Int64) {
    self.folder = folder
    self.limit = limit
    state = Mutex(State(nextSweep: limit))
  }

  /// Marks a file as used now; false when it is not there.
  func use(_ path: String) -> Bool {
    state.withLock { _ in utimensat(AT_FDCWD, path, nil, 0) == 0 }
  }

  /// Makes room after a file has come.
  func added(_ bytes: Int64) {
    let isFull = state.withLock { state in
      state.bytes += bytes
      return state.bytes > state.nextSweep
    }
    if isFull { sweep() }
  }

  /// Counts what is there, and removes what is too much.
  func sweep() {
    var files = Self.files(in: folder)
    var bytes = files.reduce(0) { $0 + $1.bytes }
    if bytes > limit {
      files.sort { $0.used < $1.used }
      for file in files {
        if bytes <= limit / 5 * 4 { break }
        if remove(file.path) { bytes -= file.bytes }
      }
    }
    state.withLock { $0 = State(bytes: bytes, nextSweep: max(limit, bytes + limit / 10)) }
  }

  /// Removes a file unless it is in use.
  private func remove(_ path: String) -> Bool {
    state.withLock { _ in
      guard let status = Self.status(path), status.used < Int64(time(nil)) - Self.lease else { return false }
      return unlink(path) == 0
    }
  }

  private struct File {
    var path: String
    var bytes: Int64
    /// Seconds since 1970.
    var used: Int64
  }

  private static func status(_ path: String) -> File? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return File(path: path, bytes: Int64(status.st_size), used: Int64(status.st_mtim.tv_sec))
  }

  private static func files(in folder: String) -> [File] {
    let manager = FileManager.default
    return ((try? manager.contentsOfDirectory(atPath: folder)) ?? []).flatMap { part in
      ((try? manager.contentsOfDirectory(atPath: "\(folder)/\(part)")) ?? []).compactMap {
        status("\(folder)/\(part)/\($0)")
      }
    }
  }
}

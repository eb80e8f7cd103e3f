import Foundation
import MartletCore

/// The segment that is being written. Used by one thread only.
final class SegmentFile {
  private let folder: String
  private let stem: String
  private let descriptor: Int32
  private(set) var records = 0
  private(set) var bytes = 0
  private var firstEventTime = Int64.max
  private var lastEventTime = Int64.min
  private(set) var isSynced = true
  let openedAt: ContinuousClock.Instant

  private var openPath: String { "\(folder)/\(stem)\(SegmentFormat.openSuffix)" }

  /// `stem` sorts segments by age and is unique within the folder.
  init(folder: String, stem: String) throws {
    self.folder = folder
    self.stem = stem
    openedAt = .now
    descriptor = open(folder + "/" + stem + SegmentFormat.openSuffix, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFailure.error("the prediction log could not begin a segment", errno) }
  }

  deinit { close(descriptor) }

  /// Writes whole records. When that fails, nothing of them is left in the file.
  func append(_ block: [UInt8], records: Int, first: Int64, last: Int64) throws {
    var offset = 0
    while offset < block.count {
      let written = block.withUnsafeBytes {
        write(descriptor, $0.baseAddress?.advanced(by: offset), block.count - offset)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        let code = errno
        ftruncate(descriptor, off_t(bytes))
        lseek(descriptor, off_t(bytes), SEEK_SET)
        throw FileFailure.error("the prediction log could not be written", code)
      }
      offset += written
    }
    bytes += block.count
    self.records += records
    firstEventTime = min(firstEventTime, first)
    lastEventTime = max(lastEventTime, last)
    isSynced = false
  }

  /// Makes what was written survive a power failure.
  func sync() throws {
    guard !isSynced else { return }
    guard fdatasync(descriptor) == 0 else { throw FileFailure.error("the prediction log could not be synced", errno) }
    isSynced = true
  }

  /// Finishes the segment under its final name; an empty one is removed, and nil returned.
  func seal() throws -> SealedSegment? {
    guard records > 0 else {
      unlink(openPath)
      return nil
    }
    try sync()
    let name = SealedSegment.name(stem: stem, records: records, first: firstEventTime, last: lastEventTime)
    guard rename(openPath, folder + "/" + name) == 0 else {
      throw FileFailure.error("a segment of the prediction log could not be sealed", errno)
    }
    try FileFailure.syncFolder(folder)
    return SealedSegment(name: name, bytes: bytes)
  }
}

/// Errors of the operating system as errors for people.
enum FileFailure {
  static func error(_ what: String, _ code: Int32) -> MartletError {
    let isFull = code == ENOSPC || code == EDQUOT
    return MartletError(
      isFull ? .storageFull : .internalError, what, cause: String(cString: strerror(code)),
      fix: isFull ? "free space on the disk of the data directory" : nil)
  }

  static func syncFolder(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw error("the folder '\(path)' could not be opened", errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw error("the folder '\(path)' could not be synced", errno) }
  }
}

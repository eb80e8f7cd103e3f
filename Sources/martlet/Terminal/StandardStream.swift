import Foundation
import Glibc

/// Where the command line writes: data on standard output, everything else on standard error.
///
/// Networking ignores SIGPIPE for the whole process, so a reader that went away (`martlet runs list | head`) shows as a
/// failed write here, which Foundation's file handles would turn into a crash.
enum StandardStream: Int32 {
  case output = 1
  case error = 2

  /// Writes all of the text. When nobody reads standard output any more the command ends as SIGPIPE would have ended
  /// it; when it cannot be written the command fails. What cannot be said on standard error is left unsaid.
  func write(_ text: String) {
    var text = text
    let failure = text.withUTF8 { writeAll(UnsafeRawBufferPointer($0)) }
    guard self == .output, let failure else { return }
    if failure == EPIPE { exit(128 + SIGPIPE) }
    Self.error.write(
      """
      error: the result could not be written
      cause: \(String(cString: strerror(failure)))
      fix:   free some space, or write it elsewhere

      """)
    exit(ExitStatus.failed.rawValue)
  }

  /// The error number of the write that failed; nil when all was written.
  private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int32? {
    guard let start = bytes.baseAddress else { return nil }
    var written = 0
    while written < bytes.count {
      let count = Glibc.write(rawValue, start + written, bytes.count - written)
      if count >= 0 { written += count } else if errno != EINTR { return errno }
    }
    return nil
  }
}

import CMartletProcess
import Foundation
import MartletCore

/// An open file descriptor, closed with its owner.
final class Descriptor: @unchecked Sendable {
  private(set) var number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { close() }

  func close() {
    if number >= 0 { _ = Glibc.close(number) }
    number = -1
  }

  var isOpen: Bool { number >= 0 }

  func makeNonBlocking() { _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK) }

  /// A pipe whose ends close when another program starts.
  static func pipe() throws -> (read: Descriptor, write: Descriptor) {
    var ends: [Int32] = [-1, -1]
    guard martlet_pipe(&ends) == 0 else {
      throw MartletError(
        .unavailable, "no pipe could be opened", cause: String(cString: strerror(errno)),
        fix: "raise the limit of open files: `ulimit -n`")
    }
    return (Descriptor(ends[0]), Descriptor(ends[1]))
  }

  enum ReadResult { case bytes(Int), nothing, end }

  /// Reads what is there without waiting.
  func read(into buffer: inout [UInt8]) -> ReadResult {
    while true {
      let count = Glibc.read(number, &buffer, buffer.count)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .end }
      if errno == EINTR { continue }
      return errno == EAGAIN ? .nothing : .end
    }
  }
}

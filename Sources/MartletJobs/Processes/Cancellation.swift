import Foundation
import Synchronization

/// A wish to stop that a thread waiting in `poll` notices at once.
final class Cancellation: Sendable {
  private let requested = Mutex(false)
  private let ends: (read: Descriptor, write: Descriptor)

  init() throws { ends = try Descriptor.pipe() }

  var isRequested: Bool { requested.withLock { $0 } }

  /// Readable once cancelled.
  var descriptor: Descriptor { ends.read }

  func cancel() {
    requested.withLock { $0 = true }
    _ = write(ends.write.number, [1 as UInt8], 1)
  }
}

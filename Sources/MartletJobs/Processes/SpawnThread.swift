import Foundation
import Synchronization

/// The thread that starts all child processes. The kernel kills them when the thread that started them ends (so that
/// none outlives the server); this one never does.
final class SpawnThread: Sendable {
  static let shared = SpawnThread()

  private let queue = Mutex<[@Sendable () -> Void]>([])
  private let wake = DispatchSemaphore(value: 0)

  private init() {
    // Writing to a child that is gone is an error to handle, not a signal to die of.
    signal(SIGPIPE, SIG_IGN)
    let thread = Thread { [self] in
      while true {
        wake.wait()
        let next = queue.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        next?()
      }
    }
    thread.name = "martlet-spawn"
    thread.start()
  }

  /// Runs the body on that thread and waits for it.
  func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value? {
    let done = DispatchSemaphore(value: 0)
    let box = Box<Value>()
    queue.withLock {
      $0.append {
        box.value.withLock { $0 = body() }
        done.signal()
      }
    }
    wake.signal()
    done.wait()
    return box.value.withLock { $0 }
  }

  private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }
}

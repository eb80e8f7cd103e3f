import Foundation

/// Work handed from tasks to threads that may block: a queue that threads wait on.
///
/// Threads belong to the queue. Each opens with `start`, works through what is queued, and ends after `close` once
/// nothing is left.
final class WorkQueue<Work: Sendable>: @unchecked Sendable {
  // The condition guards both.
  private let condition = NSCondition()
  private var waiting: [Work] = []
  private var isClosed = false
  private let threads = DispatchGroup()

  /// Queues one piece of work; false when the queue is closed.
  func add(_ work: Work) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    guard !isClosed else { return false }
    waiting.append(work)
    condition.signal()
    return true
  }

  /// Waits for work and takes up to `limit` pieces, oldest first; nil when the queue is closed and empty.
  func take(upTo limit: Int) -> [Work]? {
    condition.lock()
    defer { condition.unlock() }
    while waiting.isEmpty {
      if isClosed { return nil }
      condition.wait()
    }
    let taken = Array(waiting.prefix(limit))
    waiting.removeFirst(taken.count)
    return taken
  }

  /// Runs `body` on a thread of its own.
  func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
    threads.enter()
    let thread = Thread { [threads] in
      body()
      threads.leave()
    }
    thread.name = name
    thread.stackSize = 2 << 20
    thread.start()
  }

  /// Takes no more work; what is queued is still done.
  func close() {
    condition.lock()
    defer { condition.unlock() }
    isClosed = true
    condition.broadcast()
  }

  /// Returns when every thread has ended.
  func threadsEnded() async {
    await withCheckedContinuation { continuation in
      threads.notify(queue: .global()) { continuation.resume() }
    }
  }
}

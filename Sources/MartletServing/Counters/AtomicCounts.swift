import Synchronization

/// A row of counters that many threads may raise at once without a lock.
final class AtomicCounts: Sendable {
  private nonisolated(unsafe) let storage: UnsafeMutablePointer<Atomic<Int>>
  let count: Int

  init(_ count: Int) {
    self.count = count
    storage = .allocate(capacity: max(count, 1))
    for position in 0..<count { (storage + position).initialize(to: Atomic(0)) }
  }

  deinit {
    storage.deinitialize(count: count)
    storage.deallocate()
  }

  func add(_ amount: Int = 1, at position: Int) {
    precondition(position >= 0 && position < count, "no such counter")
    storage[position].add(amount, ordering: .relaxed)
  }

  func value(at position: Int) -> Int {
    precondition(position >= 0 && position < count, "no such counter")
    return storage[position].load(ordering: .relaxed)
  }

  var values: [Int] { (0..<count).map(value(at:)) }
}

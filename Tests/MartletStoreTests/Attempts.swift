import Synchronization

/// Counts how often something was tried, starting at 1.
final class Attempts: Sendable {
  private let count = Atomic(0)

  func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}

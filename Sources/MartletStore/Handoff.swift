import Dispatch
import MartletCore
import Synchronization

/// Hands values from a thread that may block to one task: the thread waits while the value before has not been taken.
final class Handoff<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var isOver = false
    /// Nobody takes any more.
    var isAbandoned = false
    var waiting: CheckedContinuation<Value?, Never>?
  }

  private let state = Mutex(State())
  /// Made with 0, since it may not end below what it was made with.
  private let isEmpty = DispatchSemaphore(value: 0)

  init() { isEmpty.signal() }

  /// Gives a value, and blocks until there is room for it.
  ///
  /// - Throws: `CancellationError` when nobody takes any more.
  func put(_ value: Value) throws {
    isEmpty.wait()
    let waiting = try state.withLock { state -> CheckedContinuation<Value?, Never>? in
      if state.isAbandoned {
        isEmpty.signal()
        throw CancellationError()
      }
      if state.waiting == nil { state.value = value }
      defer { state.waiting = nil }
      return state.waiting
    }
    guard let waiting else { return }
    isEmpty.signal()
    waiting.resume(returning: value)
  }

  /// Nothing more comes.
  func end() {
    let waiting = state.withLock { state in
      state.isOver = true
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume(returning: nil)
  }

  /// The next value; nil at the end. One task at a time.
  func next() async -> Value? {
    await withCheckedContinuation { continuation in
      let found = state.withLock { state -> Value?? in
        if let value = state.value {
          state.value = nil
          return value
        }
        if state.isOver { return .some(nil) }
        state.waiting = continuation
        return nil
      }
      guard let found else { return }
      if found != nil { isEmpty.signal() }
      continuation.resume(returning: found)
    }
  }

  /// Takes no more: the thread's next `put` throws.
  func abandon() {
    state.withLock { $0.isAbandoned = true }
    isEmpty.signal()
  }
}

extension Database {
  /// Reads a result of any length in one transaction, page by page: while `body` works on one page, the next is gathered,
  /// and no more than that is held.
  ///
  /// - Parameter read: hands on each page. It blocks the connection for as long as all bodies take.
  package func forEachPage<Page: Sendable>(
    _ read: @escaping @Sendable (any SQLConnection, (Page) throws -> Void) throws -> Void,
    _ body: (Page) async throws -> Void
  ) async throws {
    let pages = Handoff<Page>()
    async let reading: Void = self.read(into: pages, read)
    do {
      while let page = await pages.next() { try await body(page) }
    } catch {
      pages.abandon()
      _ = try? await reading
      throw error
    }
    try await reading
  }

  private func read<Page: Sendable>(
    into pages: Handoff<Page>, _ read: @escaping @Sendable (any SQLConnection, (Page) throws -> Void) throws -> Void
  ) async throws {
    defer { pages.end() }
    let hasBegun = Mutex(false)
    try await self.read { connection in
      // A body is run again when the connection was lost; what was handed on cannot be taken back.
      let isAgain = hasBegun.withLock { begun in
        defer { begun = true }
        return begun
      }
      guard !isAgain else {
        throw MartletError(.unavailable, "the connection to the database was lost in the middle", fix: "try again")
      }
      try read(connection) { try pages.put($0) }
    }
  }
}

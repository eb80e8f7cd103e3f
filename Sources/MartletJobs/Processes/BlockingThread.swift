import Foundation

/// Runs blocking work on a thread of its own, so that it never holds one of the few cooperative threads.
func onBlockingThread<Value: Sendable>(_ name: String, _ body: @escaping @Sendable () throws -> Value) async throws
  -> Value
{
  try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
    let thread = Thread { continuation.resume(with: Result(catching: body)) }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }
}

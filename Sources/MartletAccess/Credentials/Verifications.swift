import Synchronization

/// Verifications under way: whoever brings the same credentials meanwhile waits for the same answer, so that a client's
/// many connections derive its password once.
final class Verifications: Sendable {
  private let tasks = Mutex<[String: Task<Caller?, any Error>]>([:])

  func caller(_ name: String, _ verify: @escaping @Sendable () async throws -> Caller?) async throws -> Caller? {
    let task = tasks.withLock { tasks -> Task<Caller?, any Error> in
      if let known = tasks[name] { return known }
      let task = Task { [self] in
        defer { self.tasks.withLock { $0[name] = nil } }
        return try await verify()
      }
      tasks[name] = task
      return task
    }
    return try await task.value
  }
}

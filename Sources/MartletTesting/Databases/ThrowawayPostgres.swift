import Foundation
import MartletCore
import Synchronization

/// One PostgreSQL server for the whole test process: its own folder, loopback only, nothing kept on disk.
package enum ThrowawayPostgres {
  private static let server = Mutex<Result<PostgresServer, any Error>?>(nil)
  private static let databases = Atomic(0)

  /// The URL of a new, empty database; the first call starts the server.
  package static func newDatabaseURL() async throws -> String {
    try await withOwnThread {
      let server = try shared()
      let name = "test_\(databases.wrappingAdd(1, ordering: .relaxed).newValue)"
      try server.createDatabase(name)
      return server.url(of: name)
    }
  }

  private static func shared() throws -> PostgresServer {
    try server.withLock { known in
      if let known { return try known.get() }
      let started = Result { try PostgresServer.start() }
      known = started
      if case .success = started { atexit { ThrowawayPostgres.stop() } }
      return try started.get()
    }
  }

  private static func stop() {
    if case .success(let server) = server.withLock({ $0 }) { server.stop() }
  }
}

/// Runs blocking work on a thread of its own.
func withOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Result { try body() }) }.start()
  }
}

package import Logging
import NIOPosix
import ServiceLifecycle

/// Keeps changed online tables on disk from time to time, so that a restart forgets little.
package struct TableKeeper: Service {
  private let plane: ScoringPlane
  private let interval: Duration
  private let logger: Logger

  package init(plane: ScoringPlane, interval: Duration = .seconds(30), logger: Logger) {
    self.plane = plane
    self.interval = interval
    self.logger = logger
  }

  package func run() async throws {
    try await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try await Task.sleep(for: interval)
        do { try await plane.threads.runIfActive { try plane.saveTables() } } catch {
          logger.error("Online tables are not saved.", metadata: ["cause": "\(error)"])
        }
      }
    }
  }
}

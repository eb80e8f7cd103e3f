package import Logging
package import MartletCore

/// Where one control plane keeps things, and how it is set up.
package struct PlatformConfiguration: Sendable {
  /// The data directory, absolute.
  package var data: String
  /// The metadata database: `sqlite:///path` or `postgresql://…`; nil for SQLite in the data directory.
  package var store: String?
  /// The folder with DuckDB, LightGBM and the others.
  package var engines: String
  package var version: String

  package init(data: String, store: String? = nil, engines: String, version: String) {
    self.data = data
    self.store = store
    self.engines = engines
    self.version = version
  }

  package var storeURL: String { store ?? "sqlite://\(data)/martlet.db" }
}

/// Every service of the control plane, built once and handed to the routes.
package struct Platform: Sendable {
  package let configuration: PlatformConfiguration
  package let logger: Logger
  package let clock: WallClock
  package let started: Timestamp

  package init(configuration: PlatformConfiguration, clock: WallClock = .system, logger: Logger) async throws {
    self.configuration = configuration
    self.clock = clock
    self.logger = logger
    started = clock.now
  }

  /// Whether work is under way that should not be cut short when nobody asks for anything.
  package var isBusy: Bool { false }

  package func close() async {}
}

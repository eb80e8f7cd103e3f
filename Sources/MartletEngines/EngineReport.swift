import MartletCore

/// Which engines there are, for `martlet doctor` and `martlet engines`.
package struct EngineReport: Sendable, Codable, Hashable {
  package struct Engine: Sendable, Codable, Hashable {
    package var name: String
    /// The version Martlet is tested with.
    package var expectedVersion: String
    /// The version found; nil when it does not say or is not there.
    package var version: String?
    /// The library in use; nil when there is none.
    package var path: String?
    package var isReady: Bool
    /// What is wrong and what to do, nil when ready.
    package var problem: String?
    package var fix: String?
  }

  package var folder: String
  package var engines: [Engine]

  package var isReady: Bool { engines.allSatisfy(\.isReady) }

  /// Looks for each engine, loads it and tries it. Blocks.
  package static func read(_ folder: EngineFolder = .standard) -> EngineReport {
    EngineReport(folder: folder.path, engines: [duckdb(folder), lightgbm(folder)])
  }

  private static func duckdb(_ folder: EngineFolder) -> Engine {
    report(.duckdb) {
      let duckdb = try DuckDB.open(engines: folder, memoryLimitMB: 64, threads: 1)
      _ = try duckdb.query("SELECT 42 AS answer")
      return (duckdb.library.path, duckdb.version.hasPrefix("v") ? String(duckdb.version.dropFirst()) : duckdb.version)
    }
  }

  private static func lightgbm(_ folder: EngineFolder) -> Engine {
    report(.lightgbm) {
      let library = try LightGBMLibrary.load(folder)
      return (library.path, library.path == folder.library(of: .lightgbm) ? EnginePin.lightgbm.version : nil)
    }
  }

  private static func report(_ pin: EnginePin, _ find: () throws -> (path: String, version: String?)) -> Engine {
    do {
      let found = try find()
      return Engine(
        name: pin.title, expectedVersion: pin.version, version: found.version, path: found.path, isReady: true)
    } catch {
      let error = MartletError(error, doing: "\(pin.title) could not be tried")
      return Engine(
        name: pin.title, expectedVersion: pin.version, isReady: false,
        problem: [error.message, error.cause].compactMap(\.self).joined(separator: ": "), fix: error.fix)
    }
  }
}

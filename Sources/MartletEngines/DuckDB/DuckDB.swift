import CMartletEngines
import Foundation
import MartletCore

/// An in-memory DuckDB database with one connection, closed to the network and to all files but those that are
/// allowed. Calls block: use it in jobs, or on threads of your own.
///
/// One thread at a time may run statements; `interrupt` and `progress` are for other threads.
package final class DuckDB: @unchecked Sendable {
  let library: DuckDBLibrary
  let memoryLimitMB: Int
  var connection: UnsafeMutableRawPointer?
  private var database: UnsafeMutableRawPointer?

  /// - Parameters:
  ///   - engines: where DuckDB is installed.
  ///   - allowedDirectories: the only folders whose files may be read and written.
  ///   - allowedFiles: single files that may be read and written besides.
  ///   - memoryLimitMB: what DuckDB may hold in memory before it spills or gives up.
  ///   - threads: worker threads, at least 1.
  ///   - spillDirectory: where larger-than-memory work goes; nil means nowhere.
  package static func open(
    engines: EngineFolder = .standard, allowedDirectories: [String] = [], allowedFiles: [String] = [],
    memoryLimitMB: Int = 1024, threads: Int = 2, spillDirectory: String? = nil
  ) throws -> DuckDB {
    let opened = try DuckDB(DuckDBLibrary.load(engines), memoryLimitMB: memoryLimitMB)
    try opened.close(
      toAllBut: allowedDirectories, allowedFiles, threads: max(1, threads), spillDirectory: spillDirectory)
    return opened
  }

  private init(_ library: DuckDBLibrary, memoryLimitMB: Int) throws {
    self.library = library
    self.memoryLimitMB = memoryLimitMB
    var reason: UnsafeMutablePointer<CChar>?
    guard library.open(nil, &database, nil, &reason) == 0, library.connect(database, &connection) == 0 else {
      let text = reason.map { String(cString: $0) } ?? "no reason given"
      library.free(reason)
      throw MartletError(.unavailable, "DuckDB could not open a database in memory", cause: text)
    }
  }

  deinit {
    if connection != nil { library.disconnect(&connection) }
    if database != nil { library.close(&database) }
  }

  private func close(toAllBut directories: [String], _ files: [String], threads: Int, spillDirectory: String?) throws {
    try execute(
      """
      SET TimeZone = 'UTC';
      SET threads = \(threads);
      SET memory_limit = '\(memoryLimitMB)MiB';
      SET preserve_insertion_order = true;
      SET temp_directory = \(SQLText.literal(spillDirectory ?? ""));
      SET enable_progress_bar = true;
      SET enable_progress_bar_print = false;
      SET progress_bar_time = 0;
      SET autoinstall_known_extensions = false;
      SET autoload_known_extensions = false;
      SET allowed_directories = \(SQLText.list(directories.map { $0.hasSuffix("/") ? $0 : $0 + "/" }));
      SET allowed_paths = \(SQLText.list(files));
      SET enable_external_access = false;
      SET lock_configuration = true;
      """)
  }

  /// The version of the library in use, such as `v2.0.0`.
  package var version: String { library.version }

  /// Runs one or more statements and drops what they return.
  package func execute(_ sql: String) throws {
    var result = martlet_duckdb_result()
    defer { library.destroyResult(&result) }
    guard library.query(connection, sql, &result) == 0 else { throw failure(library.resultError(&result)) }
  }

  /// Stops the statement that is running on another thread; it then throws a `cancelled` error.
  package func interrupt() { library.interrupt(connection) }

  /// The share of the running statement that is done, 0…1; nil when unknown.
  package var progress: Double? {
    let percentage = library.progress(connection).percentage
    return percentage < 0 ? nil : min(1, percentage / 100)
  }

  func failure(_ text: UnsafePointer<CChar>?) -> MartletError {
    DuckDBMessage.error(text.map { String(cString: $0) } ?? "no reason given", memoryLimitMB: memoryLimitMB)
  }
}

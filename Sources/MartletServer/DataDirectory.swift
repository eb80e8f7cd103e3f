import Foundation
package import MartletCore

/// The folder that one control plane owns: it holds a lock on it, and says there where it can be reached.
package final class DataDirectory: Sendable {
  package let path: String
  private let lock: Int32

  /// Creates the folder where needed and takes its lock; everything made from here on is readable by its owner alone.
  package init(path: String) throws {
    umask(0o077)
    self.path = path
    try Self.create(path)
    let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.unwritable(path, String(cString: strerror(errno))) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw Self.held(path)
    }
    lock = descriptor
    try? FileManager.default.removeItem(atPath: path + "/server.json")
    // What work that never ended has left; whoever needs the folder makes it.
    try? FileManager.default.removeItem(atPath: path + "/scratch")
  }

  deinit { close(lock) }

  /// Writes `server.json`, by which every other command finds this server.
  package func announce(_ record: ServerRecord) throws {
    let temporary = path + "/server.json.new"
    try Data(JSON(encoding: record).bytes).write(to: URL(fileURLWithPath: temporary))
    guard rename(temporary, path + "/server.json") == 0 else {
      throw Self.unwritable(path, String(cString: strerror(errno)))
    }
  }

  package func withdraw() { unlink(path + "/server.json") }

  /// `MARTLET_DATA`, or the user's own folder for data.
  package static func standard(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
    if let path = environment["MARTLET_DATA"], !path.isEmpty { return absolute(path) }
    let base =
      environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(environment["HOME"] ?? "/tmp")/.local/share"
    return absolute(base) + "/martlet/data"
  }

  package static func absolute(_ path: String) -> String {
    let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    return URL(fileURLWithPath: whole).standardizedFileURL.path
  }

  private static func create(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw unwritable(
        path,
        (error as? CocoaError)?.code == .fileWriteFileExists
          ? "a file has this name" : "\(String(cString: strerror(errno)))")
    }
  }

  private static func unwritable(_ path: String, _ cause: String) -> MartletError {
    MartletError(
      .permissionDenied, "the data directory \(path) cannot be used", cause: cause,
      fix: "give a folder you may write to: martlet up --data DIR")
  }

  private static func held(_ path: String) -> MartletError {
    let record = ServerRecord.read(in: path)
    let holder = record.map { "process \($0.pid), which answers at \($0.url)," } ?? "another process"
    return MartletError(
      .conflict, "the data directory \(path) is in use", cause: "\(holder) holds its lock",
      fix: record.map {
        "use it with --server \($0.url), stop it with 'kill \($0.pid)', or give another folder with --data"
      }
        ?? "wait until it stops, or give another folder with --data")
  }
}

/// Where a running control plane can be found: `server.json` in its data directory.
package struct ServerRecord: Codable, Sendable {
  package var url: String
  package var pid: Int32
  package var started: Timestamp
  package var version: String

  package init(url: String, pid: Int32, started: Timestamp, version: String) {
    self.url = url
    self.pid = pid
    self.started = started
    self.version = version
  }

  /// The record of the server that owns a folder, when there is one and its process lives.
  package static func read(in folder: String) -> ServerRecord? {
    guard let data = FileManager.default.contents(atPath: folder + "/server.json"),
      let record = try? JSON.parse(data).decode(ServerRecord.self), kill(record.pid, 0) == 0 || errno == EPERM
    else { return nil }
    return record
  }
}

import Foundation
import MartletCore

/// Where the scoring plane keeps its files within a data directory.
package struct ScoringFolder: Sendable, Hashable {
  /// The data directory, shared with the control plane.
  package let data: String

  package init(data: String) { self.data = data }

  package var root: String { data + "/scoring" }
  package var configuration: String { root + "/configuration.json" }
  package var tables: String { root + "/online" }
  package var log: String { root + "/log" }
  /// Held while a scoring process uses the folder.
  package var lock: String { root + "/scoring.lock" }
  package var token: String { data + "/scoring.token" }
  /// Where the process that runs can be reached.
  package var address: String { data + "/scoring.json" }

  package func prepare() throws {
    for folder in [root, tables, log] {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw MartletError(
          .invalidInput, "the data directory '\(data)' cannot be used", cause: error.localizedDescription,
          fix: "give a directory that this user may write to with --data")
      }
    }
  }

  /// The absolute path of a folder given relative to the data directory; anything that leads out of it is refused.
  package func resolve(_ relative: String) throws -> String {
    let parts = relative.split(separator: "/", omittingEmptySubsequences: false)
    let isSafe =
      !relative.isEmpty && !relative.utf8.contains(0) && !relative.contains("\\")
      && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    guard isSafe, let real = Self.realPath(data + "/" + relative), let home = Self.realPath(data),
      real.hasPrefix(home + "/")
    else {
      throw MartletError.invalidInput(
        "'\(relative.prefix(120))' is not a folder within the data directory",
        fix: "give a model package's folder relative to the data directory")
    }
    return real
  }

  /// The data directory without links in its path.
  package var realData: String {
    get throws {
      guard let real = Self.realPath(data) else { throw MartletError.notFound("there is no data directory '\(data)'") }
      return real
    }
  }

  private static func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}

/// Files that are there whole, or not at all.
package enum DurableFile {
  /// Writes under a temporary name, syncs, and renames; readable by this user only.
  package static func write(_ bytes: [UInt8], to path: String) throws {
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFailure.error("'\(path)' could not be written", errno) }
    do {
      try writeAll(bytes, to: descriptor, path)
      guard rename(temporary, path) == 0 else { throw FileFailure.error("'\(path)' could not be replaced", errno) }
      try FileFailure.syncFolder((path as NSString).deletingLastPathComponent)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
    defer { close(descriptor) }
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileFailure.error("'\(path)' could not be written", errno) }
      offset += count
    }
    guard fsync(descriptor) == 0 else { throw FileFailure.error("'\(path)' could not be synced", errno) }
  }

  /// The file's bytes; nil when there is none.
  package static func read(_ path: String) throws -> [UInt8]? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw MartletError(.internalError, "'\(path)' cannot be read", fix: "check its permissions")
    }
    return Array(data)
  }
}

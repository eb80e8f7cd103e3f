import Foundation
import Glibc
import MartletCore

/// The tokens that `martlet login` keeps, one for each server, in a file that only its owner can read:
/// `~/.config/martlet/credentials`.
struct CredentialFile {
  struct Entry: Codable {
    /// The account's name, and the token's id and text.
    var user: String
    var id: String
    var token: String
  }

  let path: String

  init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    let base =
      environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(environment["HOME"] ?? "/tmp")/.config"
    path = base + "/martlet/credentials"
  }

  /// - Throws: an error that says so when others can read the file.
  func entry(for server: String) throws -> Entry? { try entries()[Self.key(server)] }

  func keep(_ entry: Entry, for server: String) throws {
    var entries = try entries()
    entries[Self.key(server)] = entry
    try write(entries)
  }

  /// Takes the server's entry out; nil when there was none.
  func forget(_ server: String) throws -> Entry? {
    var entries = try entries()
    guard let known = entries.removeValue(forKey: Self.key(server)) else { return nil }
    try write(entries)
    return known
  }

  private static func key(_ server: String) -> String {
    (server.hasSuffix("/") ? String(server.dropLast()) : server).lowercased()
  }

  private func entries() throws -> [String: Entry] {
    var status = stat()
    guard stat(path, &status) == 0 else { return [:] }
    guard status.st_mode & 0o077 == 0 else {
      throw MartletError(
        .permissionDenied, "\(path) is not used", cause: "others than its owner can read it",
        fix: "chmod 600 \(path), and sign in again if somebody else may have read it")
    }
    guard let data = FileManager.default.contents(atPath: path) else { return [:] }
    do {
      return try JSON.parse(data).decode()
    } catch {
      throw MartletError(.invalidInput, "\(path) cannot be read", cause: "\(error)", fix: "delete it and sign in again")
    }
  }

  private func write(_ entries: [String: Entry]) throws {
    let folder = (path as NSString).deletingLastPathComponent
    let temporary = path + ".new"
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    unlink(temporary)
    let bytes = try JSON(encoding: entries).bytes
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure() }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, rename(temporary, path) == 0 else {
      throw failure()
    }
  }

  private func failure() -> MartletError {
    MartletError(
      .permissionDenied, "\(path) cannot be written", cause: String(cString: strerror(errno)),
      fix: "give another folder in XDG_CONFIG_HOME, or use MARTLET_TOKEN")
  }
}

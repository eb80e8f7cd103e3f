import Foundation
import MartletCore
import NIOPosix

/// Values that a project file names (`secret:oncall`) and that are written nowhere in it: from the server's environment
/// (`MARTLET_SECRET_ONCALL`), or from a file in the data directory's `secrets` folder that only its owner can read.
///
/// They are read when they are needed, and never stored, logged or shown.
package struct SecretStore: Sendable {
  private static let longest = 16 << 10
  private let folder: String
  private let environment: [String: String]

  /// - Parameter folder: of the files; it need not be there.
  package init(folder: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.folder = folder
    self.environment = environment.filter { $0.key.hasPrefix(Self.prefix) }
  }

  /// The secret's value; a `notFound` error says where it was looked for.
  package func value(_ name: String) async throws -> String {
    guard let value = try await find(name) else {
      throw MartletError.notFound(
        "the secret '\(name.prefix(64))' is not set",
        fix: "start the server with \(Self.variable(name)) in its environment, or write the value into "
          + "secrets/\(name.prefix(64)) in the data directory, readable by its owner only")
    }
    return value
  }

  /// The secret's value; nil when it is neither in the environment nor in a file.
  package func find(_ name: String) async throws -> String? {
    if let value = environment[Self.variable(name)], !value.isEmpty { return value }
    guard Self.isPlain(name) else { return nil }
    let path = "\(folder)/\(name)"
    return try await NIOThreadPool.singleton.runIfActive { try Self.read(path, name) }
  }

  static let prefix = "MARTLET_SECRET_"

  /// `on-call.key` is `MARTLET_SECRET_ON_CALL_KEY`.
  static func variable(_ name: String) -> String {
    prefix + name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "_" }.joined()
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".")
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }
  }

  private static func read(_ path: String, _ name: String) throws -> String? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw unreadable(name, String(cString: strerror(errno)))
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw unreadable(name, "it is not a plain file")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw unreadable(name, "others than its owner can read it", fix: "chmod 600 secrets/\(name)")
    }
    guard status.st_size <= longest, let data = try file.read(upToCount: longest),
      let text = String(data: data, encoding: .utf8)
    else { throw unreadable(name, "it is empty, not text, or longer than \(longest >> 10) KiB") }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func unreadable(_ name: String, _ cause: String, fix: String? = nil) -> MartletError {
    MartletError(.unavailable, "the file of the secret '\(name)' is not used", cause: cause, fix: fix)
  }
}

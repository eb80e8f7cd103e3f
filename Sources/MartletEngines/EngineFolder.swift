import Foundation
import MartletCore

/// The folder that holds the engines: one folder for each engine and version, such as `duckdb-2.0.0`.
package struct EngineFolder: Sendable, Hashable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// `MARTLET_ENGINES`, else `~/.local/share/martlet/engines`.
  package static var standard: EngineFolder { standard(in: ProcessInfo.processInfo.environment) }

  /// The home folder is what the environment says, as for the data directory, before the user's entry is asked.
  static func standard(in environment: [String: String]) -> EngineFolder {
    if let path = environment["MARTLET_ENGINES"], !path.isEmpty { return EngineFolder(path) }
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return EngineFolder(data + "/martlet/engines") }
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
    return EngineFolder(home + "/.local/share/martlet/engines")
  }

  /// The folder of one pinned engine, whether or not it is there.
  func folder(of pin: EnginePin) -> String { "\(path)/\(pin.name)-\(pin.version)" }

  func library(of pin: EnginePin) -> String { "\(folder(of: pin))/\(pin.library)" }

  func isInstalled(_ pin: EnginePin) -> Bool {
    FileManager.default.fileExists(atPath: library(of: pin))
      && (pin.stub.map { FileManager.default.fileExists(atPath: "\(folder(of: pin))/\($0)") } ?? true)
  }

  /// The pinned engine's library; the error says how to install it.
  func installedLibrary(of pin: EnginePin) throws -> String {
    guard isInstalled(pin) else {
      throw MartletError(
        .unavailable, "\(pin.title) is not installed", cause: "\(library(of: pin)) is not there",
        fix: "run `martlet engines install`, or set MARTLET_ENGINES to the folder that holds the engines")
    }
    return library(of: pin)
  }

  /// The library that the user points to, by environment variable or by putting it into this folder; nil when there
  /// is none.
  func ownLibrary(of pin: EnginePin, named name: String) throws -> String? {
    if let path = ProcessInfo.processInfo.environment[pin.override], !path.isEmpty {
      guard FileManager.default.fileExists(atPath: path) else {
        throw MartletError(.notFound, "\(pin.override) names \(path), which does not exist", fix: "correct or unset it")
      }
      return path
    }
    let own = "\(path)/\(name)"
    return FileManager.default.fileExists(atPath: own) ? own : nil
  }
}

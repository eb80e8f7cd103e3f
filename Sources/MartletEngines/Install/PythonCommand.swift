import Foundation
import MartletCore

/// Runs Python once and waits for it.
struct PythonCommand {
  private let python: String

  init(_ python: String) { self.python = python }

  /// - Parameter what: what the command is for, in the words of the error message.
  func run(_ arguments: [String], doing what: String) throws {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    do {
      try process.run()
    } catch {
      throw MartletError(.unavailable, "\(what) failed", cause: "\(error)", fix: Self.installPython)
    }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus != 0 {
      throw Self.explain(text, status: process.terminationStatus, doing: what)
    }
  }

  private static let installPython = "install Python: `apt-get install python3 python3-pip`"

  private static func explain(_ text: String, status: Int32, doing what: String) -> MartletError {
    let lines = text.split(whereSeparator: \.isNewline).map(String.init)
    let cause = (lines.last { $0.contains("ERROR") } ?? lines.last ?? "exit code \(status)").prefix(400)
    let fix: String
    if status == 127 || status == 126 {
      fix = installPython
    } else if text.contains("No module named pip") {
      fix = "install pip: `apt-get install python3-pip`"
    } else if text.contains("DO NOT MATCH THE HASHES") {
      fix = "the package index served another file than the pinned one; check which index pip uses (`pip config list`)"
    } else if ["NewConnectionError", "timed out", "Name or service", "Could not find a version", "SSL"].contains(
      where: text.contains)
    {
      fix =
        "check the network and the index that pip uses (`pip config list`), then run `martlet engines install` again"
    } else {
      fix = "see the cause, then run `martlet engines install` again"
    }
    return MartletError(.unavailable, "\(what) failed", cause: String(cause), fix: fix)
  }
}

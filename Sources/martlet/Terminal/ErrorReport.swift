import ArgumentParser
import Foundation
import MartletCore

/// Shows what went wrong in three lines, or as JSON under `-o json`, and says which code to exit with.
struct ErrorReport {
  private let asJSON: Bool

  init(arguments: [String]) {
    let formats =
      zip(arguments, arguments.dropFirst()).filter { $0.0 == "-o" || $0.0 == "--output" }.map(\.1)
      + arguments.filter { $0.hasPrefix("--output=") }.map { String($0.dropFirst("--output=".count)) }
    asJSON = formats.contains { $0.hasPrefix("json") }
  }

  func show(_ error: any Error) -> Int32 {
    if let error = error as? MartletError {
      write(error)
      return ExitStatus(error.code).rawValue
    }
    if let run = error as? FailedRun {
      write(run.error)
      return run.status.rawValue
    }
    if let usage = error as? UsageError {
      write(usage.error)
      return ExitStatus.usage.rawValue
    }
    if let exit = error as? ExitCode { return exit.rawValue }
    if error is CancellationError { return ExitStatus.interrupted.rawValue }
    return showParserError(error)
  }

  private func showParserError(_ error: any Error) -> Int32 {
    guard Martlet.exitCode(for: error) != .success else {
      StandardStream.output.write(Martlet.fullMessage(for: error) + "\n")
      return ExitStatus.ok.rawValue
    }
    guard Martlet.exitCode(for: error) == .validationFailure else {
      write(MartletError(error, doing: "the command failed"))
      return ExitStatus.failed.rawValue
    }
    let usage = Martlet.fullMessage(for: error).split(separator: "\n").last { $0.contains("--help") }
    let help =
      usage.map { String($0).replacing("  See '", with: "").replacing("' for more information.", with: "") }
      ?? "martlet --help"
    write(MartletError(.invalidInput, Martlet.message(for: error), fix: help.trimmingCharacters(in: .whitespaces)))
    return ExitStatus.usage.rawValue
  }

  /// What can be done about an error whose place knows nothing better.
  private static func advice(_ code: MartletError.Code) -> String {
    switch code {
    case .notFound: "look at what there is with a list command, such as: martlet model list"
    case .alreadyExists, .conflict: "look at what is there: martlet status"
    case .unauthenticated, .permissionDenied: "ask somebody who may"
    case .unavailable, .timedOut, .tooManyRequests: "try again in a moment; martlet doctor says what is missing"
    case .tooSlow: "ask for less at once"
    case .storageFull: "free space on the server's disk, then try again"
    case .internalError: "look in the server's log"
    case .cancelled: "start it again"
    case .invalidInput, .unsupportedMediaType, .payloadTooLarge, .checkFailed: "correct it, then try again"
    }
  }

  private func write(_ error: MartletError) {
    var error = error
    error.fix = error.fix ?? Self.advice(error.code)
    var text: String
    if asJSON {
      var body: [String: JSON] = ["code": .string(error.code.rawValue), "message": .string(error.message)]
      body["cause"] = error.cause.map(JSON.string)
      body["fix"] = error.fix.map(JSON.string)
      text = (["error": .object(body)] as JSON).text
    } else {
      text = "error: \(error.message)"
      if let cause = error.cause { text += "\ncause: \(cause)" }
      if let fix = error.fix { text += "\nfix:   \(fix)" }
    }
    StandardStream.error.write(text + "\n")
  }
}

/// What the shell sees; documented in the help.
enum ExitStatus: Int32 {
  case ok = 0
  case failed = 1
  case usage = 2
  case notFound = 3
  case notAllowed = 4
  case checkFailed = 5
  case conflict = 6
  case unavailable = 7
  case interrupted = 130

  init(_ code: MartletError.Code) {
    switch code {
    case .notFound: self = .notFound
    case .unauthenticated, .permissionDenied: self = .notAllowed
    case .checkFailed: self = .checkFailed
    case .alreadyExists, .conflict: self = .conflict
    case .unavailable, .timedOut, .tooManyRequests: self = .unavailable
    case .invalidInput, .unsupportedMediaType, .payloadTooLarge, .tooSlow, .storageFull, .cancelled, .internalError:
      self = .failed
    }
  }
}

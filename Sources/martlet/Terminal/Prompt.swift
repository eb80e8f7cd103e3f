import Foundation
import Glibc
import MartletCore

/// Asks a person at the terminal; reads a line of standard input where there is none.
enum Prompt {
  static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

  static func line(_ question: String) throws -> String {
    if isTerminal { StandardStream.error.write(question) }
    guard let line = readLine(), !line.isEmpty else {
      throw UsageError(
        "nothing was given for '\(question.filter { $0 != ":" && $0 != " " })'", fix: "type it, or pipe it in")
    }
    return line
  }

  /// A password, not shown while it is typed.
  static func password(_ question: String = "Password: ") throws -> String {
    guard isTerminal else { return try line(question) }
    var before = termios()
    guard tcgetattr(STDIN_FILENO, &before) == 0 else { return try line(question) }
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
      StandardStream.error.write("\n")
    }
    return try line(question)
  }

  /// A new password, typed twice at a terminal.
  static func newPassword() throws -> String {
    let first = try password("New password: ")
    guard isTerminal else { return first }
    guard try password("Once more: ") == first else {
      throw UsageError("the two passwords are not the same", fix: "try again")
    }
    return first
  }
}

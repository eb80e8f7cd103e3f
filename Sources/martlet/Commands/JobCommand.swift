import ArgumentParser
import MartletCore

/// The child process in which engines run; started by the server, not by people.
struct JobCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "job", abstract: "Work on jobs handed over by a server.", shouldDisplay: false)

  func run() throws {
    throw MartletError(.unavailable, "there are no jobs yet")
  }
}

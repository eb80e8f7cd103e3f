import ArgumentParser
import MartletJobs
import MartletLifecycle

/// The child process in which engines run; started by the server, not by people.
struct JobCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "job", abstract: "Work on jobs handed over by a server.", shouldDisplay: false)

  func run() throws { JobWorker.main(handlers: Jobs.handlers) }
}

/// Every kind of job that this binary can do.
enum Jobs {
  static let handlers: [JobHandler] = PlatformJobs.handlers
}

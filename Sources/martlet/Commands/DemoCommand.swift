import ArgumentParser
import Foundation
import Glibc
import MartletCore

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "The whole loop once, on the flights of 2013: five minutes, real data.",
    discussion: """
      EXAMPLE
        martlet demo
        martlet demo --until 2013-07-01 --port 5010

      Fetches the engines and the flights once, starts a server of its own, trains, deploys, replays the year, and ends
      with a table of what happened; --data says where all of that is kept. Stop it and run it again: it goes on where it was. Needs python3.
      """)

  @Option(help: "The port of the demo's server.") var port: Int = 5000
  @Option(help: "End the replayed year earlier: a day.") var until: String?
  @Option(help: "When a colleague makes a mistake: a day.") var mistakeAt: String?
  @OptionGroup var global: GlobalOptions

  func run() throws {
    let script = try Self.root() + "/Examples/flights/demo.py"
    try Self.become(
      ["python3", script, Self.executable, "--port", "\(port)"]
        + (global.data.map { ["--data", $0] } ?? []) + (until.map { ["--until", $0] } ?? [])
        + (mistakeAt.map { ["--mistake-at", $0] } ?? []))
  }

  private static var executable: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
  }

  /// The folder that holds `Examples`: the unpacked release's, or the source tree that the binary was built in.
  private static func root() throws -> String {
    var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
    for _ in 0..<6 {
      if FileManager.default.fileExists(atPath: folder.path + "/Examples/flights/demo.py") { return folder.path }
      folder.deleteLastPathComponent()
    }
    throw MartletError(
      .notFound, "the flights example is not beside this binary", cause: "it lies in the folder Examples of a release",
      fix: "run the binary where the release was unpacked, or 'make demo' in the source tree")
  }

  /// Goes on as another program, so that the terminal and its signals are that program's.
  private static func become(_ command: [String]) throws -> Never {
    var arguments = command.map { strdup($0) } + [nil]
    execvp(command[0], &arguments)
    throw MartletError(
      .unavailable, "'\(command[0])' could not be started", cause: String(cString: strerror(errno)),
      fix: "install Python 3: apt-get install python3")
  }
}

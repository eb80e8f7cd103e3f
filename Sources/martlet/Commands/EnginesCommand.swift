import ArgumentParser
import MartletCore
import MartletEngines
import NIOPosix

struct EnginesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "engines", abstract: "The native engines: DuckDB, LightGBM and others.",
    discussion: """
      EXAMPLE
        martlet engines install
      """,
    subcommands: [EnginesInstallCommand.self])
}

struct EnginesInstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Fetch the pinned engines and check their hashes.",
    discussion: """
      EXAMPLE
        martlet engines install
      """)

  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let output = Output(global)
    try await NIOThreadPool.singleton.runIfActive {
      try EngineInstaller(onMessage: { output.note($0) }).install()
    }
  }
}

import ArgumentParser
import MartletCore

/// Misspelt commands get a suggestion; the parser itself only says that a word is unexpected.
enum CommandNames {
  static func check(_ arguments: [String]) throws {
    var command: any ParsableCommand.Type = Martlet.self
    var path = ["martlet"]
    for word in arguments {
      let known = subcommands(of: command)
      guard !known.isEmpty, !word.hasPrefix("-"), word != "help" else { return }
      guard let next = known.first(where: { name(of: $0) == word || $0.configuration.aliases.contains(word) }) else {
        let names = known.filter { $0.configuration.shouldDisplay }.map { name(of: $0) }
        throw UsageError(
          "there is no command '\(word)'\(didYouMean(word, among: names))",
          fix: (path + ["--help"]).joined(separator: " "))
      }
      command = next
      path.append(word)
    }
  }

  private static func subcommands(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
    command.configuration.ungroupedSubcommands + command.configuration.groupedSubcommands.flatMap(\.subcommands)
  }

  private static func name(of command: any ParsableCommand.Type) -> String { command.configuration.commandName ?? "" }
}

/// A command line that cannot be meant: exit code 2.
struct UsageError: Error {
  let error: MartletError

  init(_ message: String, cause: String? = nil, fix: String) {
    error = MartletError(.invalidInput, message, cause: cause, fix: fix)
  }
}

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
      guard let next = known.first(where: { name(of: $0) == word }) else {
        let names = known.filter { $0.configuration.shouldDisplay }.map { name(of: $0) }
        throw UnknownCommand(
          word: word, suggestion: didYouMean(word, among: names), help: (path + ["--help"]).joined(separator: " "))
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

/// A usage error, exit code 2.
struct UnknownCommand: Error {
  let word: String
  let suggestion: String
  let help: String

  var asError: MartletError { MartletError(.invalidInput, "there is no command '\(word)'\(suggestion)", fix: help) }
}

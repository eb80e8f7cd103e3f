import ArgumentParser

struct CompletionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion", abstract: "Print the completion script of a shell.",
    discussion: """
      EXAMPLE
        martlet completion bash > ~/.local/share/bash-completion/completions/martlet
      """)

  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish
  }

  @Argument(help: "bash, zsh or fish.") var shell: Shell
  @OptionGroup var global: GlobalOptions

  func run() throws {
    let kind: CompletionShell = shell == .bash ? .bash : shell == .zsh ? .zsh : .fish
    StandardStream.output.write(Martlet.completionScript(for: kind) + "\n")
  }
}

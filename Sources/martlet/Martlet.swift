import ArgumentParser

@main
struct Martlet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "martlet", abstract: "The machine-learning loop in one binary.")
}

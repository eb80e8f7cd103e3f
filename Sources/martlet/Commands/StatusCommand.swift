import ArgumentParser
import MartletCore

struct StatusCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "What is live, how it is doing, what needs you.",
    discussion: """
      EXAMPLE
        martlet status
      """)

  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let status = try await session.client.get("/status")
    guard session.output.format == .table else { return session.output.item(status, [], link: nil) }
    let output = session.output
    output.item(
      status,
      [
        .init("version", "server.version"), .init("since", "server.started"),
        .init("projects", "projects"), .init("pipeline runs", "pipeline_runs"), .init("open alerts", "open_alerts"),
      ], link: nil)
    let endpoints = status["endpoints"]?.array ?? []
    if !endpoints.isEmpty {
      output.write("")
      output.list(endpoints, EndpointColumns.list, link: nil)
    }
    let attention = status["attention"]?.array ?? []
    if !attention.isEmpty {
      output.write("")
      output.list(
        attention, [.init("NEEDS YOU", "message"), .init("SINCE", "since"), .init("PAGE", "page")], link: nil)
    }
    output.write("\n" + session.page("/"))
  }
}

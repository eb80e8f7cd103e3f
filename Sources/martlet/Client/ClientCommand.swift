import ArgumentParser
import Foundation
import MartletCore

/// A command that talks to a server.
protocol ClientCommand: AsyncParsableCommand {
  var global: GlobalOptions { get }
  func run(_ session: Session) async throws
}

extension ClientCommand {
  func run() async throws {
    try await run(Session(client: try await ServerDiscovery(options: global).client(), options: global))
  }
}

/// What a client command works with.
struct Session: Sendable {
  let client: APIClient
  let options: GlobalOptions

  var output: Output { Output(options) }

  /// The page that shows the same thing to people.
  func page(_ path: String) -> String { client.server + path }

  /// `--project`, or the name in the project file of the working folder.
  func project() throws -> String {
    if let name = options.project { return name }
    if let name = try? ProjectFolder(path: ".").name { return name }
    throw UsageError(
      "no project is named", cause: "there is no martlet.yaml in this folder",
      fix: "add --project NAME, or go to the project's folder")
  }

  /// The project in a path of the API.
  func projectPath(_ rest: String) throws -> String { "/projects/\(APIClient.escape(try project()))\(rest)" }

  func list(
    _ path: String, _ columns: [Column], query: [String: String?] = [:], limit: Int? = nil, page: String? = nil
  ) async throws {
    output.list(try await client.items(path, query: query, limit: limit), columns, link: page.map(self.page))
  }
}

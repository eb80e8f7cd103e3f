import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MartletAccess
import MartletCore
import NIOCore
import Testing

@testable import MartletServer

/// Every route of the server (native API, MLflow's, pages) asked by everybody: the answers are compared with a table that
/// is kept beside this file. `MARTLET_WRITE_TABLES=1` writes it anew; the difference is then to be read.
@Suite("Every route and every role is a cell of one table") struct AccessTableTests {
  private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Tables/access.txt")
  private struct Column {
    var title: String
    var user: String?
  }

  private static let columns: [Column] = {
    let titles = ["sme", "ds", "de", "se", "ops", "risk", "arch", "exec", "admin"]
    let roles = zip(titles, JobRole.allCases).map { Column(title: $0, user: $1.rawValue) }
    return [Column(title: "anon"), Column(title: "none", user: "nobody")] + roles
  }()

  @Test("Nobody and every role get the answers that the table says", .timeLimit(.minutes(5)))
  func everywhere() async throws {
    var cells: [String: [Character]] = [:]
    for user in Self.columns.map(\.user) {
      // One server for each, so that what one role did changes nothing for the next.
      let world = try await AccessWorld()
      for route in Self.routes(world) { cells[route.name, default: []].append(try await route.ask(world, as: user)) }
      await world.close()
    }
    let width = cells.keys.map(\.count).max() ?? 0
    let head = "route".padding(toLength: width, withPad: " ", startingAt: 0)
    let lines = cells.sorted { $0.key < $1.key }.map { name, answers in
      let row = zip(Self.columns, answers).map { column, cell in
        String(cell).padding(toLength: column.title.count, withPad: " ", startingAt: 0)
      }
      return (name.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + row.joined(separator: " "))
        .trimmingCharacters(in: .whitespaces)
    }
    let text = """
      + allowed, - refused, ? asked who it is

      \(head)  \(Self.columns.map(\.title).joined(separator: " "))
      \(lines.joined(separator: "\n"))

      """
    if ProcessInfo.processInfo.environment["MARTLET_WRITE_TABLES"] != nil {
      try text.write(to: Self.file, atomically: true, encoding: .utf8)
    }
    let expected = (try? String(contentsOf: Self.file, encoding: .utf8)) ?? ""
    let difference = text.split(separator: "\n").difference(from: expected.split(separator: "\n"))
    #expect(difference.isEmpty, "\(difference)")
  }

  @Test("A role in one project allows there what it allows everywhere, and elsewhere nothing", .timeLimit(.minutes(5)))
  func oneProject() async throws {
    let world = try await AccessWorld(rolesIn: "alpha")
    let routes = Routes(world.plane, measures: RequestMeasures()).all
    for route in routes where [.project, .experimentNamed, .run, .model].contains(route.needs.place) {
      for role in JobRole.allCases {
        let mine = Asked(route.method, "/api/v1" + route.path, Self.values(world))
        let isAllowed = route.needs.permissions.contains { role.permissions.contains($0) }
        #expect(try await mine.ask(world, as: role.rawValue) == (isAllowed ? "+" : "-"), "\(role) \(route.operation)")
        var values = Self.values(world)
        values["project"] = "beta"
        values["experiment"] = "0"
        values["run"] = "0123456789abcdef0123456789abcdef"
        values["model"] = "other"
        let others = Asked(route.method, "/api/v1" + route.path, values)
        #expect(try await others.ask(world, as: role.rawValue) == "-", "\(role) \(route.operation) elsewhere")
      }
    }
    await world.close()
  }

  // MARK: Routes

  private static func values(_ world: AccessWorld) -> [String: String] {
    [
      "project": "alpha", "run": world.run.text, "experiment": world.experiment.text, "model": "model", "name": "model",
      "id": "0123", "model_id": world.loggedModel, "user": "nobody", "role": "data-scientist", "version": "1",
    ]
  }

  private static func routes(_ world: AccessWorld) -> [Asked] {
    world.router.routes.filter { $0.method != .head }.map { Asked($0.method, $0.path.description, values(world)) }
      .sorted { ($0.template, $0.method.rawValue) < ($1.template, $1.method.rawValue) }
  }

  /// One request for one route, with everything that any route looks at.
  private struct Asked {
    let method: HTTPRequest.Method
    let template: String
    private let path: String

    var name: String { "\(method.rawValue) \(template)" }

    init(_ method: HTTPRequest.Method, _ template: String, _ values: [String: String]) {
      self.method = method
      self.template = template
      var values = values
      if template.hasPrefix("/experiments/") { values["id"] = values["experiment"] }
      if template.hasPrefix("/runs/") { values["id"] = values["run"] }
      let parts = template.split(separator: "/", omittingEmptySubsequences: false).map { part -> String in
        if part == "**" { return "\(values["experiment"] ?? "")/x" }
        let name = part.trimmingCharacters(in: ["{", "}", ":"])
        return part.hasPrefix("{") || part.hasPrefix(":") ? values[name] ?? "x" : String(part)
      }
      path = parts.joined(separator: "/")
    }

    func ask(_ world: AccessWorld, as user: String?) async throws -> Character {
      var headers: HTTPFields = [:]
      var body: String?
      var uri = path
      let isPage = !template.hasPrefix("/api/") && !template.hasPrefix("/ajax-api/")
      if isPage, method == .get { headers[.accept] = "text/html" }
      if method != .get {
        headers[.contentType] =
          isPage && template != "/v1/traces" ? "application/x-www-form-urlencoded" : "application/json"
        body =
          template.hasPrefix("/api/v1") ? Self.bodies[template] ?? "{}" : isPage ? "" : JSON.object(wire(world)).text
      }
      if method == .get && (template.contains("mlflow") || template.contains("artifact"))
        || template.hasSuffix("upload-artifact")
      {
        uri +=
          "?"
          + wire(world).map { name, value in "\(name)=\(value.string ?? value.array?.first?.string ?? "")" }
          .joined(separator: "&")
      }
      let response = try await world.send(method, uri, as: user, headers: headers, body: body)
      switch response.status.code {
      case 401: return template == "/sign-in" ? "+" : "?"
      case 303: return response.headers[.location]?.hasPrefix("/sign-in?") == true ? "?" : "+"
      case 403: return "-"
      default:
        #expect(response.status.code < 500 || response.status == .notImplemented, "\(name): \(response.status)")
        return "+"
      }
    }

    /// Where the handler decides once it has read what is meant.
    private static let bodies = [
      "/api/v1/users/{user}/roles": #"{"role":"executive"}"#,
      "/api/v1/users/{user}/password": #"{"password":"another horse battery"}"#,
      "/api/v1/tokens": #"{"name":"new","user":"nobody"}"#,
    ]

    private func wire(_ world: AccessWorld) -> [String: JSON] {
      [
        "experiment_id": .string(world.experiment.text), "run_id": .string(world.run.text), "name": "model",
        "version": "1", "experiment_ids": [.string(world.experiment.text)], "run_ids": [.string(world.run.text)],
        "experiment_name": "alpha", "key": "k", "value": "v", "max_results": "10", "path": "x", "metric_key": "k",
        "username": "nobody", "role_id": "1", "role_permission_id": "1", "resource_type": "experiment",
        "resource_id": .string(world.experiment.text), "permission": "READ", "workspace": "default", "alias": "a",
        "artifact_file_path": "x", "run_uuid": .string(world.run.text), "password": "",
      ]
    }
  }
}

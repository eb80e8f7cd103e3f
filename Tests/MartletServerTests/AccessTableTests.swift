import Foundation
import HTTPTypes
import MartletAccess
import MartletCore
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
      for route in world.routes { cells[route.name, default: []].append(try await route.ask(world, as: user)) }
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
      + allowed, - refused, / not there for them, ? asked who it is

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
        let mine = AskedRoute(route.method, "/api/v1" + route.path, world.names)
        let isAllowed = !role.permissions.isDisjoint(with: route.needs.permissions)
        let seeing: Set<Permission> = route.needs.place == .model ? [.read, .overview] : [.read]
        let isSeen = route.needs.place == .project || !role.permissions.isDisjoint(with: seeing)
        let answer: Character = isAllowed ? "+" : isSeen ? "-" : "/"
        #expect(try await mine.ask(world, as: role.rawValue) == answer, "\(role) \(route.operation)")
        var names = AskedRoute.absent
        names["project"] = "beta"
        let others = AskedRoute(route.method, "/api/v1" + route.path, names)
        let refused: Character = route.needs.place == .project ? "-" : "/"
        #expect(try await others.ask(world, as: role.rawValue) == refused, "\(role) \(route.operation) elsewhere")
      }
    }
    await world.close()
  }
}

import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletLifecycle

/// Everybody with an account, the roles they have, and the forms that change them.
struct UsersPage {
  struct Entry {
    var name: String
    var isDisabled: Bool
    var created: String
    var roles: [Held]
    var hasNoRole: Bool
    /// All roles there are, to choose from.
    var roleNames = JobRole.allCases.map(\.rawValue)
  }

  struct Held {
    var user: String
    var role: String
    var project: String
    var words: String
  }

  var entries: [Entry]
  var roleNames: [String]
  var table: String
  /// Creating and shutting out is for those who manage users everywhere.
  var isEverywhere: Bool
  var shortest: Int

  init(_ users: [User], _ caller: Caller) {
    entries = users.map { user in
      let held = user.grants.map { grant in
        Held(
          user: user.name, role: grant.role.rawValue, project: grant.project?.text ?? "", words: grant.words)
      }
      return Entry(
        name: user.name, isDisabled: user.isDisabled, created: user.createdAt.day, roles: held,
        hasNoRole: held.isEmpty)
    }
    roleNames = JobRole.allCases.map(\.rawValue)
    table = Self.roleTable.html
    isEverywhere = caller.mayEverywhere(.users)
    shortest = AccountRules.shortestPassword
  }

  private static var roleTable: Table {
    Table(
      "Roles and what they may do", columns: [.init("Role"), .init("May"), .init("What it is for")],
      rows: JobRole.allCases.map { role in
        let held = Permission.allCases.filter(role.permissions.contains).map(\.words).joined(separator: ", ")
        return Table.Row([
          .text(role.rawValue), Cell(html: escaped(held), wraps: true), Cell(html: escaped(role.summary), wraps: true),
        ])
      })
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    Page(
      title: "Users", section: nil, template: "users",
      model: UsersPage(try await platform.accounts.users(), request.visitor.caller), apiLink: "/api/v1/users",
      command: "martlet user list")
  }

  // MARK: Forms

  static func create(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let role = request.form["role"] ?? ""
    let password = request.form["password"].flatMap { $0.isEmpty ? nil : $0 }
    _ = try await platform.accounts.create(
      request.form["name"] ?? "", password: password, grants: role.isEmpty ? [] : [try grant(request)],
      by: request.author)
    return "/users"
  }

  static func give(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let grant = try grant(request)
    _ = try await platform.accounts.grant(
      grant, to: try request.name("user"), by: try manager(request, grant.project))
    return "/users"
  }

  static func take(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let grant = try grant(request)
    _ = try await platform.accounts.revoke(
      grant, from: try request.name("user"), by: try manager(request, grant.project))
    return "/users"
  }

  static func shut(_ disabled: Bool) -> @Sendable (Platform, PageRequest) async throws -> String {
    { platform, request in
      _ = try await platform.accounts.setDisabled(disabled, try request.name("user"), by: request.author)
      return "/users"
    }
  }

  private static func grant(_ request: PageRequest) throws -> Grant {
    let project = request.form["project"].flatMap { $0.isEmpty || $0 == "*" ? nil : ProjectName($0) }
    return Grant(try JobRole(named: request.form["role"] ?? ""), in: project)
  }

  private static func manager(_ request: PageRequest, _ project: ProjectName?) throws -> Author {
    let caller = request.visitor.caller
    guard caller.may(.users, in: project) else {
      throw Refusal.denied(caller, [.users], in: project)
    }
    return request.author
  }
}

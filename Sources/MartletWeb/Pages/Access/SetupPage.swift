import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletLifecycle

/// The first administrator, with the token that the server printed when it started.
struct SetupPage {
  var problem: String?
  var fix: String?
  var name: String
  var isDone: Bool
  var shortest: Int

  static func show(_ routes: WebRoutes, _ request: PageRequest) async throws -> Response {
    try await page(routes, problem: nil, name: "")
  }

  static func submit(_ routes: WebRoutes, _ request: PageRequest) async throws -> Response {
    guard routes.mode.isOn else { return WebRoutes.redirect(to: "/") }
    let name = request.form["name"] ?? ""
    do {
      let token = (request.form["token"] ?? "").filter { !$0.isWhitespace }
      let user = try await routes.platform.accounts.setUp(
        name, password: request.form["password"] ?? "", token: token, from: request.visitor.peer)
      return try await SignInPage.opened(for: user.name, then: "/users", routes)
    } catch let error as MartletError where error.code != .internalError && error.code != .unavailable {
      return try await page(routes, problem: error, name: String(name.prefix(64)), status: .badRequest)
    }
  }

  private static func page(
    _ routes: WebRoutes, problem: MartletError?, name: String, status: HTTPResponse.Status = .ok
  ) async throws -> Response {
    let isDone = routes.mode.isOn ? try await routes.platform.accounts.hasUsers() : true
    let model = SetupPage(
      problem: problem?.message, fix: problem?.fix, name: name, isDone: isDone,
      shortest: AccountRules.shortestPassword)
    return try routes.renderer.response(
      Page(
        title: "First administrator", section: nil, template: "setup", model: model,
        command: "martlet user create NAME --setup-token mls_…"), status: status)
  }
}

import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletLifecycle

/// Who are you: a name and a password, without any script.
struct SignInPage {
  var then: String
  var name: String
  var problem: String?
  /// Nobody asks here, or nobody has an account yet.
  var isOff: Bool
  var needsSetup: Bool

  static func show(_ routes: WebRoutes, _ request: PageRequest) async throws -> Response {
    let then = local(request.text("then"))
    if request.visitor.caller.userID != nil { return WebRoutes.redirect(to: then) }
    return try await page(routes, SignInPage.Start(then: then, name: "", problem: nil))
  }

  static func submit(_ routes: WebRoutes, _ request: PageRequest) async throws -> Response {
    let then = local(request.form["then"])
    guard routes.mode.isOn else { return WebRoutes.redirect(to: then) }
    let name = request.form["name"] ?? ""
    do {
      let caller = try await routes.platform.accounts.caller(
        .basic(name: name, password: request.form["password"] ?? ""), from: request.visitor.peer)
      return try await opened(for: caller.name, then: then, routes)
    } catch let error as MartletError where [.unauthenticated, .tooManyRequests].contains(error.code) {
      let isGuess = error.code == .unauthenticated
      let problem = isGuess ? "The name or the password is not right." : "Too many attempts failed. \(error.fix ?? "")."
      var answer = try await page(
        routes, Start(then: then, name: String(name.prefix(64)), problem: problem),
        status: isGuess ? .unauthorized : .tooManyRequests)
      answer.headers[.retryAfter] = AttemptLimiter.retryAfter(error).map(String.init)
      return answer
    }
  }

  static func signOut(_ routes: WebRoutes, _ request: PageRequest) async throws -> Response {
    if let session = request.visitor.session {
      try await routes.platform.accounts.closeSession(session, by: request.author)
    }
    var answer = WebRoutes.redirect(to: "/sign-in")
    answer.headers[.setCookie] = SessionCookie.clearing(routes.mode)
    return answer
  }

  /// A session for somebody whose password was checked.
  static func opened(for name: String, then: String, _ routes: WebRoutes) async throws -> Response {
    let session = try await routes.platform.accounts.openSession(for: name)
    var answer = WebRoutes.redirect(to: then)
    answer.headers[.setCookie] = SessionCookie.setting(session, routes.mode)
    return answer
  }

  /// Only a path of this server: no other site is led to.
  static func local(_ address: String?) -> String {
    guard let address, address.hasPrefix("/"), !address.hasPrefix("//"), address.utf8.count <= 2000,
      address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }),
      !address.hasPrefix("/sign-in"), !address.hasPrefix("/sign-out")
    else { return "/" }
    return address
  }

  struct Start {
    var then: String
    var name: String
    var problem: String?
  }

  private static func page(_ routes: WebRoutes, _ start: Start, status: HTTPResponse.Status = .ok) async throws
    -> Response
  {
    let needsSetup = routes.mode.isOn ? try await !routes.platform.accounts.hasUsers() : false
    let model = SignInPage(
      then: start.then, name: start.name, problem: start.problem, isOff: !routes.mode.isOn, needsSetup: needsSetup)
    return try routes.renderer.response(
      Page(title: "Sign in", section: nil, template: "sign-in", model: model, command: "martlet login"),
      status: status)
  }
}

import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletLifecycle

/// One's own tokens; a new one is shown once.
struct TokensPage {
  struct Entry {
    var id: String
    var name: String
    var expires: String
    var isExpired: Bool
    var limits: String
  }

  var entries: [Entry]
  var isEmpty: Bool
  /// The text of the token that was just made.
  var secret: String?
  var secretName: String?

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    try await page(platform, request, secret: nil)
  }

  /// Makes a token and shows it in the answer itself: it stands in no address and is asked for only once.
  static func create(_ routes: WebRoutes, _ request: PageRequest) async throws -> Response {
    let caller = try owner(request)
    let days = Int64(request.form["days"] ?? "") ?? 90
    guard (1...366).contains(days) else {
      throw MartletError.invalidInput("a token lives for 1 to 366 days", fix: "give a number of days")
    }
    let project = request.form["project"].flatMap { $0.isEmpty ? nil : ProjectName($0) }
    let isReading = request.form["reading"] != nil
    let made = try await routes.platform.accounts.createToken(
      request.form["name"] ?? "", of: caller.name,
      limits: .init(permissions: isReading ? [.overview, .read] : nil, project: project),
      life: .seconds(days * 86_400), by: request.author)
    return try routes.renderer.response(
      try await page(routes.platform, request, secret: (made.token.name, made.secret)), for: request.visitor)
  }

  static func revoke(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let caller = try owner(request)
    let token = try await platform.accounts.token(try request.name("token"))
    guard token.user == caller.name else { throw Refusal.denied(caller, [.users], "everywhere") }
    try await platform.accounts.revokeToken(token.id, by: request.author)
    return "/tokens"
  }

  /// A narrowed token makes no other.
  private static func owner(_ request: PageRequest) throws -> Caller {
    let caller = request.visitor.caller
    guard caller.userID != nil, caller.limits == Caller.Limits() else {
      throw MartletError(
        .permissionDenied, "\(caller.name) has no tokens here", cause: "tokens belong to people with an account",
        fix: "sign in with a name and a password")
    }
    return caller
  }

  private static func page(_ platform: Platform, _ request: PageRequest, secret: (name: String, text: String)?)
    async throws -> Page
  {
    let now = platform.clock.now
    let tokens =
      request.visitor.caller.userID == nil ? [] : try await platform.accounts.tokens(of: request.visitor.caller.name)
    let entries = tokens.map { token in
      let permissions = token.limits.permissions.map { held in
        Permission.allCases.filter(held.contains).map(\.rawValue).joined(separator: ", ")
      }
      let parts = [permissions, token.limits.project.map { "in \($0)" }].compactMap(\.self)
      return Entry(
        id: token.id, name: token.name, expires: token.expiresAt.day, isExpired: token.expiresAt <= now,
        limits: parts.isEmpty ? "all that its owner may" : parts.joined(separator: " "))
    }
    let model = TokensPage(
      entries: entries, isEmpty: entries.isEmpty, secret: secret?.text, secretName: secret?.name)
    return Page(
      title: "Tokens", section: nil, template: "tokens", model: model, apiLink: "/api/v1/tokens",
      command: "martlet token list")
  }
}

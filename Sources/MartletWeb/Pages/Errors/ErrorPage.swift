import HTTPTypes
package import Hummingbird
package import MartletCore

/// What went wrong, why, and how to fix it, for a person in a browser.
struct ErrorPage {
  var status: Int
  var heading: String
  var what: String
  var cause: String?
  var fix: String?
  /// The search to try instead, for addresses that are not there.
  var isMissing: Bool

  init(_ error: MartletError, status: Int) {
    self.status = status
    heading = Self.heading(status)
    what = Self.sentence(error.message)
    cause = error.cause.map(Self.sentence)
    isMissing = status == 404
    let search = "look for it by a part of its name, or begin at the home page"
    fix = (error.fix ?? (isMissing ? search : nil)).map(Self.sentence)
  }

  private static func heading(_ status: Int) -> String {
    switch status {
    case 404: "Not here"
    case 403: "Not allowed"
    case 400..<500: "That did not work"
    case 503, 504: "Not available right now"
    case 507: "The disk is full"
    default: "Something broke"
    }
  }

  private static func sentence(_ text: String) -> String {
    guard let first = text.first else { return text }
    let capital = first.uppercased() + text.dropFirst()
    return capital.hasSuffix(".") || capital.hasSuffix("?") || capital.hasSuffix("!") ? capital : capital + "."
  }
}

extension PageRenderer {
  /// The page of an error.
  package func response(_ error: MartletError, status: Int) throws -> Response {
    let model = ErrorPage(error, status: status)
    let page = Page(title: model.heading, section: nil, template: "error", model: model)
    return try response(page, status: HTTPResponse.Status(code: status))
  }
}

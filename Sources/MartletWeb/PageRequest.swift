import Foundation
import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletLifecycle
import NIOCore

/// What a page is asked for: names in its path, parameters after the question mark, and the fields of a form.
struct PageRequest: Sendable {
  private var names: [String: String]
  var query: [String: String]
  /// Every value of each parameter, in order.
  private var repeated: [String: [String]] = [:]
  var form: [String: String]
  let visitor: Visitor
  /// As the ledger names the visitor, with the role that allows what is asked.
  var author: Author
  /// What the visitor sees of lists; nil where nothing is hidden from anybody.
  var sight: Sight?

  init(_ request: Request, _ context: some RequestContext, visitor: Visitor) throws {
    self.visitor = visitor
    author = visitor.caller.author(requestID: visitor.requestID)
    names = [:]
    for (name, value) in context.parameters { names[String(name)] = try Self.decoded(value, plusIsSpace: false) }
    let pairs = try request.uri.query.map(Self.pairs) ?? []
    query = Dictionary(pairs) { $1 }
    repeated = Dictionary(grouping: pairs) { $0.0 }.mapValues { $0.map(\.1) }
    form = [:]
  }

  /// Longer forms than this are refused.
  private static let formLimit = 64 << 10

  /// Reads the fields of a form that was sent.
  mutating func readForm(_ request: Request) async throws {
    let type = request.headers[.contentType]?.split(separator: ";").first.map { $0.lowercased() } ?? ""
    guard type == "application/x-www-form-urlencoded" else {
      throw MartletError(
        .unsupportedMediaType, "the form's Content-Type is not application/x-www-form-urlencoded",
        fix: "use the button on the page, or the API under /api/v1")
    }
    let body = try await request.body.collect(upTo: Self.formLimit)
    guard let text = body.getString(at: body.readerIndex, length: body.readableBytes) else { return }
    form = Dictionary(try Self.pairs(text)) { $1 }
  }

  func name(_ name: String) throws -> String {
    guard let value = names[name], !value.isEmpty else { throw MartletError.notFound("the address lacks a name") }
    return value
  }

  /// A name in the path; nil where there is none.
  func optionalName(_ name: String) -> String? { names[name] }

  /// Whether the visitor may see what belongs to a project.
  func shows(_ project: ProjectName, _ permission: Permission = .read) -> Bool {
    sight?.shows(project, permission) ?? true
  }

  /// The projects of which the visitor may see what is theirs; nil: all.
  var readableProjects: Set<ProjectName>? { sight?.projects() }

  /// What a search for experiments or models may find.
  func visibility(of kind: ResourceKind, _ permission: Permission = .read) -> Visibility {
    sight?.visibility(of: kind, permission) ?? .everything
  }

  func identifier<Kind>(_ name: String) throws -> Identifier<Kind> { Identifier(try self.name(name)) }

  func text(_ name: String) -> String? { query[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// All values of a parameter that may be given more than once.
  func texts(_ name: String) -> [String] { repeated[name, default: []].filter { !$0.isEmpty } }

  private static func pairs(_ text: String) throws -> [(String, String)] {
    try text.split(separator: "&").prefix(400).map { part in
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (
        try decoded(pair[0], plusIsSpace: true), pair.count > 1 ? try decoded(pair[1], plusIsSpace: true) : ""
      )
    }
  }

  /// Percent-decoded exactly once.
  private static func decoded(_ text: Substring, plusIsSpace: Bool) throws -> String {
    let spaced = plusIsSpace ? text.replacing("+", with: " ") : text
    guard let decoded = String(spaced).removingPercentEncoding,
      !decoded.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" && $0 != "\r" && $0 != "\t" })
    else { throw MartletError.invalidInput("the address is not valid percent-encoded UTF-8") }
    return decoded
  }
}

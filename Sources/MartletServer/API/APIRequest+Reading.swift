import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletWeb

extension APIRequest {
  static let jsonLimit = 16 << 20

  /// Reads and checks a request as its route wants it.
  init(
    _ request: Request, _ route: APIRoute, _ context: ServerContext, author: Author, sight: Sight? = nil,
    mode: AccessMode = AccessMode()
  ) async throws {
    var decoded: [String: String] = [:]
    for name in route.pathParameters {
      decoded[name] = try PercentDecoding.segment(context.parameters.get(name) ?? "")
    }
    pathParameters = decoded
    query = try Self.query(request, route)
    self.author = author
    caller = route.needs == .open ? (try? context.caller) ?? .anonymous : try context.caller
    self.sight = sight
    peer = Authentication.peer(request, context, mode)
    session = context.session
    mediaType = request.mediaType ?? ""
    let limit: Int
    switch route.body {
    case .none:
      (json, limit) = (.null, Self.jsonLimit)
    case .json(let schema, let most):
      limit = most
      json = try await Self.json(request, limit: limit)
      try schema.check(json)
    case .optionalJSON(let schema):
      limit = Self.jsonLimit
      let isEmpty = request.headers[.contentLength] ?? "0" == "0" && request.headers[.transferEncoding] == nil
      json = isEmpty ? [:] : try await Self.json(request, limit: limit)
      try schema.check(json)
    case .bytes(let mediaTypes, let most):
      (json, limit) = (.null, most)
      try Self.require(mediaTypes, request)
    }
    try Self.checkLength(request, limit)
    stream = LimitedBody(body: request.body, limit: limit)
  }

  private static func json(_ request: Request, limit: Int) async throws -> JSON {
    try require(["application/json"], request)
    try checkLength(request, limit)
    let buffer = try await LimitedBody(body: request.body, limit: limit).collect()
    return try JSON.parse(buffer.readableBytesView)
  }

  private static func require(_ mediaTypes: [String], _ request: Request) throws {
    guard let given = request.mediaType, mediaTypes.contains(given) else {
      throw MartletError(
        .unsupportedMediaType,
        "the body's Content-Type is \(request.mediaType.map { "'\($0.prefix(60))'" } ?? "missing")",
        fix: "send \(mediaTypes.joined(separator: " or "))")
    }
  }

  private static func checkLength(_ request: Request, _ limit: Int) throws {
    guard let text = request.headers[.contentLength], let length = Int(text) else { return }
    guard length <= limit else { throw LimitedBody.tooLarge(limit) }
  }

  private static func query(_ request: Request, _ route: APIRoute) throws -> [String: String] {
    var values: [String: String] = [:]
    for pair in (request.uri.query ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = try PercentDecoding.queryPart(parts[0])
      let text = try PercentDecoding.queryPart(parts.count > 1 ? parts[1] : "")
      guard let parameter = route.query.first(where: { $0.name == name }) else {
        throw MartletError.invalidInput(
          "unknown query parameter '\(name.prefix(60))'\(didYouMean(name, among: route.query.map(\.name)))")
      }
      guard values.updateValue(text, forKey: name) == nil else {
        throw MartletError.invalidInput("the query parameter '\(name)' stands twice")
      }
      try parameter.schema.check(try typed(text, as: parameter.schema, name), at: name)
    }
    for parameter in route.query where parameter.isRequired && values[parameter.name] == nil {
      throw MartletError.invalidInput("the query parameter '\(parameter.name)' is missing")
    }
    return values
  }

  /// The JSON value that a parameter's text stands for.
  private static func typed(_ text: String, as schema: APISchema, _ name: String) throws -> JSON {
    switch schema {
    case .integer: return Int64(text).map(JSON.integer) ?? .string(text)
    case .number: return Double(text).map(JSON.double) ?? .string(text)
    case .boolean: return text == "true" ? true : text == "false" ? false : .string(text)
    default: return .string(text)
    }
  }
}

extension Request {
  /// The media type without parameters, in lower case; nil when absent, or when a charset other than UTF-8 is asked.
  var mediaType: String? {
    guard let header = headers[.contentType] else { return nil }
    let parts = header.lowercased().split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" && $0 != "\"" } }
    guard let type = parts.first else { return nil }
    for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") && parameter != "charset=utf-8" {
      return nil
    }
    return type
  }
}

package import HTTPTypes
package import MartletAccess
import MartletCore

/// One operation of the native API: what the router serves, the OpenAPI document says and the CLI calls.
package struct APIRoute: Sendable {
  package let method: HTTPRequest.Method
  /// Below `/api/v1`, with parameters in braces: `/projects/{project}/datasets`.
  package let path: String
  package let summary: String
  /// A stable name for generated clients: `listDatasets`.
  package let operation: String
  /// What its caller must be allowed to do, and where.
  package let needs: Need
  package let query: [APIParameter]
  package let body: APIBody
  package let response: APIResult
  let handler: @Sendable (APIRequest) async throws -> APIResponse

  package init(
    _ method: HTTPRequest.Method, _ path: String, _ operation: String, _ summary: String, needs: Need,
    query: [APIParameter] = [], body: APIBody = .none, response: APIResult,
    handler: @escaping @Sendable (APIRequest) async throws -> APIResponse
  ) {
    self.method = method
    self.path = path
    self.operation = operation
    self.needs = needs
    self.summary = summary
    self.query = query
    self.body = body
    self.response = response
    self.handler = handler
  }

  /// Names of the parameters in the path, in order.
  package var pathParameters: [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
  }
}

/// One noun's operations.
package protocol APIRoutes: Sendable {
  var routes: [APIRoute] { get }
}

/// A parameter after the question mark.
package struct APIParameter: Sendable {
  package let name: String
  package let schema: APISchema
  package let description: String
  package let isRequired: Bool

  package init(_ name: String, _ schema: APISchema = .text, _ description: String, required: Bool = false) {
    self.name = name
    self.schema = schema
    self.description = description
    isRequired = required
  }

  /// How many items at most, and the token of the page to continue with.
  package static let paging = [
    APIParameter("limit", .integer(minimum: 1, maximum: 1000), "items on a page, 100 unless told"),
    APIParameter("page_token", .text, "`next_token` of the page before"),
  ]
}

/// What a request carries.
package enum APIBody: Sendable {
  case none
  /// `application/json` of this shape, of at most `limit` bytes.
  case json(APISchema, limit: Int = 16 << 20)
  /// As `json`, and may be absent: the handler then sees an empty object.
  case optionalJSON(APISchema)
  /// Bytes of one of these media types, handed to the handler as a stream of at most `limit` bytes.
  case bytes(mediaTypes: [String], limit: Int)
}

/// What an answer carries when it is good.
package enum APIResult: Sendable {
  case json(APISchema)
  case created(APISchema)
  /// Accepted: the work goes on after the answer.
  case accepted(APISchema)
  case noContent
  case bytes(mediaType: String)
  /// `text/event-stream`, each event's data of this shape.
  case events(APISchema)

  var status: HTTPResponse.Status {
    switch self {
    case .json, .bytes, .events: .ok
    case .created: .created
    case .accepted: .accepted
    case .noContent: .noContent
    }
  }
}

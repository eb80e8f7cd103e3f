import HTTPTypes
import MartletAccess
import MartletCore
import MartletWeb

/// The OpenAPI 3.1 document of a route table.
struct OpenAPIDocument {
  let routes: [APIRoute]
  let version: String

  var json: JSON {
    var components: [String: JSON] = [:]
    let failure = Self.failure.document(&components)
    var paths: [String: [String: JSON]] = [:]
    for route in routes {
      paths["/api/v1" + route.path, default: [:]][route.method.rawValue.lowercased()] = operation(
        route, failure, &components)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Martlet", "version": .string(version),
        "summary": "The machine-learning loop: data, features, training, registry, serving, monitoring, retraining",
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
      ],
      "paths": .object(paths.mapValues(JSON.object)),
      "components": ["schemas": .object(components), "securitySchemes": Self.securitySchemes],
      "security": [["basic": []], ["token": []], ["session": []]],
    ]
  }

  /// The body of every answer that is not good.
  static let failure = APISchema.named(
    "Error",
    .object(
      [
        "error": .object(
          [
            "code": .string(oneOf: MartletError.Code.allCases.map(\.rawValue)), "message": .text, "cause": .text,
            "fix": .text,
          ], required: ["code", "message"])
      ], required: ["error"]))

  /// On a server without authentication none is asked for.
  private static let securitySchemes: JSON = [
    "basic": ["type": "http", "scheme": "basic"],
    "token": ["type": "http", "scheme": "bearer", "description": "an API token, mlt_…"],
    "session": ["type": "apiKey", "in": "cookie", "name": .string(SessionCookie.name)],
  ]

  private func operation(_ route: APIRoute, _ failure: JSON, _ components: inout [String: JSON]) -> JSON {
    var parameters = route.pathParameters.map { name -> JSON in
      ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string", "minLength": 1]]
    }
    for parameter in route.query {
      parameters.append([
        "name": .string(parameter.name), "in": "query", "required": .boolean(parameter.isRequired),
        "description": .string(parameter.description), "schema": parameter.schema.document(&components),
      ])
    }
    var operation: [String: JSON] = [
      "operationId": .string(route.operation), "summary": .string(route.summary),
      "tags": [.string(String(route.path.split(separator: "/").last { !$0.hasPrefix("{") } ?? ""))],
      "responses": [
        String(route.response.status.code): good(route.response, &components),
        "default": [
          "description": "it failed; the body says why", "content": ["application/json": ["schema": failure]],
        ],
      ],
    ]
    operation["x-martlet-needs"] = .string(route.needs.words)
    if route.needs == .open { operation["security"] = [] }
    if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
    operation["requestBody"] = body(route.body, &components)
    return .object(operation)
  }

  private func body(_ body: APIBody, _ components: inout [String: JSON]) -> JSON? {
    switch body {
    case .none: return nil
    case .json(let schema, _):
      return ["required": true, "content": ["application/json": ["schema": schema.document(&components)]]]
    case .optionalJSON(let schema):
      return ["required": false, "content": ["application/json": ["schema": schema.document(&components)]]]
    case .bytes(let mediaTypes, _):
      let content = mediaTypes.map { ($0, ["schema": [:]] as JSON) }
      return ["required": true, "content": .object(Dictionary(uniqueKeysWithValues: content))]
    }
  }

  private func good(_ result: APIResult, _ components: inout [String: JSON]) -> JSON {
    switch result {
    case .json(let schema), .created(let schema), .accepted(let schema):
      ["description": "done", "content": ["application/json": ["schema": schema.document(&components)]]]
    case .noContent: ["description": "done"]
    case .bytes(let mediaType): ["description": "the bytes", "content": .object([mediaType: ["schema": [:]]])]
    case .events(let schema):
      [
        "description": "events as they happen",
        "content": ["text/event-stream": ["schema": schema.document(&components)]],
      ]
    }
  }
}

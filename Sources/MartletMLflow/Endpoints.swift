import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import NIOCore

/// One request to an MLflow endpoint: its parameters, and who asks.
struct WireCall: Sendable {
  var fields: WireFields
  /// As the ledger names who asks.
  var author: Author
  var gate: WireGate
  /// Parameters in the path, such as `model_id`, percent-decoded.
  var path: [String: String]
}

/// Where endpoints are added: every one under `/api` and under `/ajax-api`.
struct Endpoints<Context: RequestContext> {
  private let groups: [RouterGroup<Context>]
  private let gate: MLflowRoutes<Context>.GateOf

  /// Largest JSON body, in bytes; `runs/log-inputs` carries profiles and may be larger.
  static var largestBody: Int { 16 << 20 }
  static var largestInputsBody: Int { 40 << 20 }

  /// - Parameter prefixes: such as `/api/2.0/mlflow`.
  init(
    _ prefixes: [String], on router: some RouterMethods<Context>, gate: @escaping MLflowRoutes<Context>.GateOf
  ) {
    groups = prefixes.map { router.group(RouterPath($0)).add(middleware: WireErrors()) }
    self.gate = gate
  }

  /// An endpoint with JSON in and out.
  func on(
    _ method: HTTPRequest.Method, _ path: String, needs: WireNeed, largestBody: Int = Self.largestBody,
    _ handler: @escaping @Sendable (WireCall) async throws -> WireWriter
  ) {
    let names = path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    raw(method, path, needs: needs) { request, context, gate in
      let body = try await Self.body(of: request, largest: largestBody)
      var parameters: [String: String] = [:]
      for name in names {
        parameters[name] = try QueryString.decoded(context.parameters.get(name) ?? "", plusIsSpace: false)
      }
      var call = WireCall(
        fields: try Self.fields(of: request, body: body), author: gate.author, gate: gate, path: parameters)
      if case .on(let act, let target) = needs.kind, !gate.caller.isLocal {
        call.author = try await gate.demand(act, try target.subject(call.fields, parameters))
      }
      return Response(wire: try await handler(call))
    }
  }

  func get(_ path: String, needs: WireNeed, _ handler: @escaping @Sendable (WireCall) async throws -> WireWriter) {
    on(.get, path, needs: needs, handler)
  }

  func post(_ path: String, needs: WireNeed, _ handler: @escaping @Sendable (WireCall) async throws -> WireWriter) {
    on(.post, path, needs: needs, handler)
  }

  /// An endpoint that reads the request by itself, and demands by itself what concerns one thing.
  func raw(
    _ method: HTTPRequest.Method, _ path: String, needs: WireNeed,
    _ handler: @escaping @Sendable (Request, Context, WireGate) async throws -> Response
  ) {
    for group in groups {
      group.on(RouterPath(path), method: method) { [gate] request, context in
        let asked = try gate(request, context)
        try needs.check(asked)
        return try await handler(request, context, asked)
      }
    }
  }

  // MARK: Bodies

  /// The whole body. POST and PUT must say that it is JSON, so that no form on a foreign page can send one.
  static func body(of request: Request, largest: Int = Self.largestBody) async throws -> ByteBuffer {
    if request.method == .post || request.method == .put { try requireJSON(request) }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > largest { throw tooLarge(largest) }
    var request = request
    do {
      return try await request.collectBody(upTo: largest)
    } catch let error as HTTPError where error.status == .contentTooLarge {
      throw tooLarge(largest)
    } catch is NIOTooManyBytesError {
      throw tooLarge(largest)
    }
  }

  private static func requireJSON(_ request: Request) throws {
    let type = request.headers[.contentType]?.split(separator: ";").first.map { $0.lowercased() } ?? ""
    guard type.trimmed == "application/json" else {
      throw MartletError(
        .unsupportedMediaType, "Bad Request. Content-Type must be one of ['application/json'].")
    }
  }

  private static func tooLarge(_ largest: Int) -> MartletError {
    MartletError(.payloadTooLarge, "the request body is larger than \(largest >> 20) MiB", fix: "send it in parts")
  }

  private static func fields(of request: Request, body: ByteBuffer) throws -> WireFields {
    if request.method == .get, let query = request.uri.query, !query.isEmpty {
      return WireFields(try QueryString.fields(of: query[...]))
    }
    return WireFields(body: Array(body.readableBytesView))
  }
}

extension StringProtocol {
  /// Without spaces around it.
  fileprivate var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MartletAccess
import MartletCore
import NIOCore
import Testing

@testable import MartletServer

@Suite("Every request passes the same rules")
struct RequestRulesTests {
  private static let echo = APIRoute(
    .post, "/things/{name}", "echo", "Says it back", needs: .open,
    query: [APIParameter("limit", .integer(minimum: 1, maximum: 10), "how many")],
    body: .json(.object(["value": .any], required: ["value"])), response: .json(.any)
  ) { request in
    .json(["name": .string(try request.parameter("name")), "value": request.json["value"] ?? .null])
  }

  private static let json: HTTPFields = [.contentType: "application/json"]

  private static func post(
    _ client: any TestClientProtocol, _ path: String = "/api/v1/things/a", _ body: String = #"{"value":1}"#,
    _ headers: HTTPFields = json
  ) async throws -> TestResponse {
    try await client.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body))
  }

  @Test("A good request is answered, with the security headers and an id")
  func good() async throws {
    try await TestServer.run([Self.echo]) { client in
      let response = try await Self.post(client, "/api/v1/things/a%20b?limit=3")
      #expect(response.status == .ok)
      #expect(try response.json == ["name": "a b", "value": 1])
      #expect(response.headers[.contentSecurityPolicy]?.hasPrefix("default-src 'none'") == true)
      #expect(response.headers[.xContentTypeOptions] == "nosniff")
      #expect(response.headers[.requestID]?.isEmpty == false)
    }
  }

  @Test(
    "A bad body is 400, never a 5xx",
    arguments: [
      "", "{", "[]", "null", "1", #"{"value":1}x"#, #"{"value":99999999999999999999}"#, #"{"value":1,"value":2}"#,
      "{\"value\":\"\u{1}\"}",
      #"{"valeu":1}"#, String(repeating: "[", count: 100_000),
    ])
  func badBody(body: String) async throws {
    try await TestServer.run([Self.echo]) { client in
      let response = try await Self.post(client, "/api/v1/things/a", body)
      #expect(response.status == .badRequest)
      #expect(response.errorCode == "INVALID_INPUT")
    }
  }

  @Test(
    "A media type other than JSON is 415",
    arguments: [
      nil, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "multipart/form-data",
    ])
  func mediaType(type: String?) async throws {
    try await TestServer.run([Self.echo]) { client in
      var headers = HTTPFields()
      headers[.contentType] = type
      let status1 = try await Self.post(client, "/api/v1/things/a", #"{"value":1}"#, headers).status
      #expect(status1 == .unsupportedMediaType)
    }
  }

  @Test("A charset of UTF-8 may be named")
  func charset() async throws {
    try await TestServer.run([Self.echo]) { client in
      let response = try await Self.post(
        client, "/api/v1/things/a", #"{"value":1}"#, [.contentType: "Application/JSON; charset=UTF-8"])
      #expect(response.status == .ok)
    }
  }

  @Test("A body over 16 MiB is 413, whether announced or not")
  func tooLarge() async throws {
    try await TestServer.run([Self.echo]) { client in
      let response = try await Self.post(
        client, "/api/v1/things/a", "\"" + String(repeating: "a", count: 17 << 20) + "\"")
      #expect(response.status == .contentTooLarge)
      #expect(response.errorCode == "PAYLOAD_TOO_LARGE")
    }
  }

  @Test(
    "Bad parameters are 400 and the message says which",
    arguments: [
      ("?limit=0", "outside"), ("?limit=x", "'limit'"), ("?limit=1&limit=2", "twice"),
      ("?limt=1", "did you mean 'limit'?"), ("?limit=%ZZ", "hexadecimal"),
    ])
  func badQuery(query: String, message: String) async throws {
    try await TestServer.run([Self.echo]) { client in
      let response = try await Self.post(client, "/api/v1/things/a" + query)
      #expect(response.status == .badRequest)
      #expect(response.errorText("message").contains(message))
    }
  }

  @Test(
    "A page of another site cannot write",
    arguments: ["http://evil.example", "null", "http://localhost:81", "https://localhost"])
  func foreignOrigin(origin: String) async throws {
    try await TestServer.run([Self.echo]) { client in
      let response = try await Self.post(
        client, "/api/v1/things/a", #"{"value":1}"#, [.contentType: "application/json", .origin: origin])
      #expect(response.status == .forbidden)
    }
  }

  @Test("A cross-site fetch is refused, also for reading; a link to a page is not")
  func crossSite() async throws {
    try await TestServer.run { client in
      let fetch: HTTPFields = [.secFetchSite: "cross-site", .secFetchMode: "cors", .secFetchDest: "empty"]
      let status2 = try await client.execute(uri: "/api/v1/health", method: .get, headers: fetch).status
      #expect(status2 == .forbidden)
      let link: HTTPFields = [.secFetchSite: "cross-site", .secFetchMode: "navigate", .secFetchDest: "document"]
      let status3 = try await client.execute(uri: "/", method: .get, headers: link).status
      #expect(status3 != .forbidden)
      let status4 = try await client.execute(uri: "/api/v1/health", method: .get, headers: link).status
      #expect(status4 == .forbidden)
    }
  }

  @Test("An unknown address says what is near it, a wrong method says which one works")
  func unknown() async throws {
    try await TestServer.run { client in
      let near = try await client.execute(uri: "/api/v1/helth", method: .get)
      #expect(near.status == .notFound)
      #expect(near.errorText("message").contains("did you mean '/api/v1/health'?"))
      let wrong = try await client.execute(uri: "/api/v1/health", method: .delete)
      #expect(wrong.errorText("fix") == "use GET")
    }
  }

  @Test("Each kind of failure has its status, and only Martlet's own faults are 5xx")
  func statuses() {
    let own: Set<MartletError.Code> = [.storageFull, .unavailable, .timedOut, .internalError]
    for code in MartletError.Code.allCases {
      #expect((ErrorAnswer.status(code).code >= 500) == own.contains(code), "\(code)")
    }
    #expect(ErrorAnswer.status(.storageFull).code == 507)
    #expect(ErrorAnswer.status(.tooSlow).code == 422)
  }

  @Test("What was not foreseen is 500 without details, and names the request")
  func unforeseen() async throws {
    struct Surprise: Error { let secret = "hunter2" }
    let route = APIRoute(.get, "/surprise", "surprise", "Fails", needs: .open, response: .json(.any)) { _ in
      throw Surprise()
    }
    try await TestServer.run([route]) { client in
      let response = try await client.execute(uri: "/api/v1/surprise", method: .get)
      #expect(response.status == .internalServerError)
      #expect(!String(buffer: response.body).contains("hunter2"))
      #expect(String(buffer: response.body).contains(response.headers[.requestID] ?? "none"))
    }
  }

  @Test("A handler of bytes gets the stream, and an error when it grows past the limit")
  func bytes() async throws {
    let route = APIRoute(
      .put, "/blob", "putBlob", "Counts", needs: .open, body: .bytes(mediaTypes: ["text/csv"], limit: 1 << 20),
      response: .created(.any)
    ) { request in
      .json(["bytes": .integer(Int64(try await request.stream.collect().readableBytes))])
    }
    try await TestServer.run([route]) { client in
      let headers: HTTPFields = [.contentType: "text/csv"]
      let good = try await client.execute(
        uri: "/api/v1/blob", method: .put, headers: headers, body: ByteBuffer(repeating: 65, count: 1 << 20))
      #expect(good.status == .created)
      let large = try await client.execute(
        uri: "/api/v1/blob", method: .put, headers: headers, body: ByteBuffer(repeating: 65, count: 1 << 20 | 1))
      #expect(large.status == .contentTooLarge)
    }
  }
}

package import Hummingbird
package import MartletCore

/// What a route answers; the status comes from the route's declared result.
package struct APIResponse: Sendable {
  enum Content: Sendable {
    case none
    case json(JSON)
    case bytes(ByteBuffer)
    case stream(ResponseBody)
  }

  let content: Content
  var mediaType = "application/json"
  /// Offered as a download under this name, never shown by the browser.
  var fileName: String?
  /// A cookie to set.
  var cookie: String?

  package static let empty = APIResponse(content: .none)

  package static func json(_ value: JSON) -> APIResponse { APIResponse(content: .json(value)) }

  package static func encoding(_ value: some Encodable) throws -> APIResponse { .json(try JSON(snakeCase: value)) }

  /// A page of items, as every list answers.
  package static func page<Item>(_ page: Page<Item>, _ item: (Item) throws -> JSON) rethrows -> APIResponse {
    var object: [String: JSON] = ["items": .array(try page.items.map(item))]
    object["next_token"] = page.nextToken.map(JSON.string)
    return .json(.object(object))
  }

  package static func items(_ items: [JSON]) -> APIResponse { .json(["items": .array(items)]) }

  package static func bytes(_ buffer: ByteBuffer, mediaType: String, fileName: String? = nil) -> APIResponse {
    APIResponse(content: .bytes(buffer), mediaType: mediaType, fileName: fileName)
  }

  package static func stream(_ body: ResponseBody, mediaType: String, fileName: String? = nil) -> APIResponse {
    APIResponse(content: .stream(body), mediaType: mediaType, fileName: fileName)
  }

  /// Server-sent events, one for each value, until the sequence ends or the client leaves.
  package static func events(_ values: some AsyncSequence<APIEvent, any Error> & Sendable) -> APIResponse {
    let body = ResponseBody { writer in
      for try await event in values { try await writer.write(ByteBuffer(string: event.text)) }
      try await writer.finish(nil)
    }
    return APIResponse(content: .stream(body), mediaType: "text/event-stream")
  }

  func response(_ status: HTTPResponse.Status) -> Response {
    var headers: HTTPFields = [.cacheControl: "no-store"]
    headers[.setCookie] = cookie
    if let fileName {
      let safe = fileName.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
      headers[.contentDisposition] = "attachment; filename=\"\(safe)\""
    }
    switch content {
    case .none: return Response(status: status, headers: headers)
    case .json(let value):
      headers[.contentType] = mediaType
      return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: value.bytes)))
    case .bytes(let buffer):
      headers[.contentType] = mediaType
      return Response(status: status, headers: headers, body: .init(byteBuffer: buffer))
    case .stream(let body):
      headers[.contentType] = mediaType
      return Response(status: status, headers: headers, body: body)
    }
  }
}

/// One server-sent event: an optional name and a JSON value.
package struct APIEvent: Sendable {
  package let name: String?
  package let data: JSON

  package init(_ name: String? = nil, _ data: JSON) {
    self.name = name
    self.data = data
  }

  /// A comment that keeps the connection from being closed as idle.
  package static let keepAlive = APIEvent("keep-alive", .null)

  var text: String { "\(name.map { "event: \($0)\n" } ?? "")data: \(data.text)\n\n" }
}

package import Hummingbird
package import MartletAccess
package import MartletCore
package import MartletLifecycle

/// A request that has already been checked against its route: parameters decoded, query and body of the right shape.
package struct APIRequest: Sendable {
  let pathParameters: [String: String]
  let query: [String: String]
  /// The body of a JSON route, null on others.
  package let json: JSON
  /// The body of a bytes route, cut off by an error at the route's limit.
  package let stream: LimitedBody
  package let mediaType: String
  /// As the ledger names who asks, with the role that allows it.
  package let author: Author
  package let caller: Caller
  /// What the caller sees of lists; nil where nothing is hidden from anybody.
  package let sight: Sight?
  /// The other end's address, and the session's cookie.
  let peer: String
  let session: String?

  /// A parameter of the path, percent-decoded once.
  package func parameter(_ name: String) throws -> String {
    guard let value = pathParameters[name] else {
      throw MartletError(.internalError, "the route has no parameter '\(name)'")
    }
    return value
  }

  package func identifier<Kind>(_ name: String) throws -> Identifier<Kind> { Identifier(try parameter(name)) }

  /// A whole number in the path, such as a version.
  package func number(_ name: String) throws -> Int {
    let text = try parameter(name)
    guard let number = Int(text) else {
      throw MartletError.invalidInput("'\(text.prefix(40))' is not a whole number; the path needs one for '\(name)'")
    }
    return number
  }

  package func text(query name: String) -> String? { query[name] }
  package func integer(query name: String) -> Int64? { query[name].flatMap(Int64.init) }
  package func flag(query name: String) -> Bool { query[name] == "true" }
  package func time(query name: String) -> Timestamp? { query[name].flatMap { Timestamp($0) } }

  package var limit: Int { Int(integer(query: "limit") ?? 100) }
  package var pageToken: String? { query["page_token"] }

  /// Whether the caller may see what belongs to a project.
  func shows(_ project: ProjectName, _ permission: Permission = .read) -> Bool {
    sight?.shows(project, permission) ?? true
  }

  /// The projects of which the caller may see what is theirs; nil: all.
  var readableProjects: Set<ProjectName>? { sight?.projects() }

  /// What a search for experiments or models may find.
  func visibility(of kind: ResourceKind, _ permission: Permission = .read) -> Visibility {
    sight?.visibility(of: kind, permission) ?? .everything
  }

  package func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value { try json.decode(type) }
}

/// A request's bytes as they arrive, at most `limit` of them.
package struct LimitedBody: AsyncSequence, Sendable {
  package typealias Element = ByteBuffer
  let body: RequestBody
  let limit: Int

  package struct AsyncIterator: AsyncIteratorProtocol {
    var base: RequestBody.AsyncIterator
    let limit: Int
    var count = 0

    package mutating func next() async throws -> ByteBuffer? {
      guard let buffer = try await base.next() else { return nil }
      count += buffer.readableBytes
      guard count <= limit else { throw LimitedBody.tooLarge(limit) }
      return buffer
    }
  }

  package func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(base: body.makeAsyncIterator(), limit: limit)
  }

  /// All bytes in one buffer.
  package func collect() async throws -> ByteBuffer {
    var whole = ByteBuffer()
    for try await var part in self { whole.writeBuffer(&part) }
    return whole
  }

  static func tooLarge(_ limit: Int) -> MartletError {
    MartletError(
      .payloadTooLarge, "the body is larger than \(limit >> 20) MiB, the limit of this operation",
      fix: "send it in parts")
  }
}

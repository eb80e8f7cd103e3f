import HTTPTypes
import Hummingbird
import NIOCore

/// Keeps a streamed answer from running ahead of its connection.
///
/// A write returns as soon as the event loop has been told of it, and only the loop finds out that the other end takes no
/// more for now. On a busy machine a file that lies in memory is read faster than the loop gets its turn: tens of
/// megabytes then wait to be sent. So the next piece is written once the loop has taken the one before.
struct PacedStreams: RouterMiddleware {
  typealias Context = ServerContext

  /// An answer that is no longer than this is in memory as a whole.
  private static let small = 1 << 20

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    let (body, eventLoop) = (response.body, context.eventLoop)
    if let length = body.contentLength, length <= Self.small { return response }
    response.body = ResponseBody(contentLength: body.contentLength) { writer in
      try await body.write(PacedWriter(writer, eventLoop: eventLoop))
    }
    return response
  }
}

/// Writes a piece and waits until the event loop has taken it.
struct PacedWriter: ResponseBodyWriter {
  private var writer: any ResponseBodyWriter
  private let eventLoop: any EventLoop

  init(_ writer: any ResponseBodyWriter, eventLoop: any EventLoop) {
    self.writer = writer
    self.eventLoop = eventLoop
  }

  mutating func write(_ buffer: ByteBuffer) async throws {
    try await writer.write(buffer)
    // What is submitted to a loop is done in order.
    try await eventLoop.submit {}.get()
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws { try await writer.finish(trailingHeaders) }
}

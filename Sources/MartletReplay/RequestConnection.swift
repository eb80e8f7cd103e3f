import MartletCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// One kept-open HTTP/1.1 connection that sends a request and waits for its answer, again and again.
///
/// A request is never sent twice. A connection that the server closed while it was idle is opened again before the
/// next request; one that breaks during a request fails that request.
actor RequestConnection {
  struct Address: Sendable {
    var host: String
    var port: Int
    var path: String
  }

  private let address: Address
  private let group: any EventLoopGroup
  private var channel: (any Channel)?
  private var handler: AnswerHandler?
  private var lastUse = ContinuousClock.now

  /// Servers close connections that were idle for half a minute or more.
  private static let longestIdle = Duration.seconds(15)

  init(to address: Address, group: any EventLoopGroup) {
    self.address = address
    self.group = group
  }

  /// Posts a JSON body and returns the answer's status; throws when the connection breaks.
  func post(_ body: [UInt8]) async throws -> Int {
    let (channel, handler) = try await connected()
    lastUse = .now
    do {
      let answer = channel.eventLoop.makePromise(of: Int.self)
      let buffer = channel.allocator.buffer(bytes: body)
      let head = head(length: body.count)
      channel.eventLoop.execute { handler.send(head, buffer, answer, on: channel) }
      return try await answer.futureResult.get()
    } catch {
      await close()
      throw error
    }
  }

  private func head(length: Int) -> HTTPRequestHead {
    HTTPRequestHead(
      version: .http1_1, method: .POST, uri: address.path,
      headers: [
        "Host": "\(address.host):\(address.port)", "Content-Type": "application/json", "Content-Length": "\(length)",
      ])
  }

  func close() async {
    try? await channel?.close().get()
    channel = nil
    handler = nil
  }

  private func connected() async throws -> (any Channel, AnswerHandler) {
    if let channel, let handler, channel.isActive, .now - lastUse < Self.longestIdle { return (channel, handler) }
    await close()
    let handler = AnswerHandler()
    let channel = try await ClientBootstrap(group: group)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connectTimeout(.seconds(10))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      .connect(host: address.host, port: address.port).get()
    self.channel = channel
    self.handler = handler
    return (channel, handler)
  }
}

/// Resolves the promise of the request under way with its answer's status. Lives on its channel's event loop.
private final class AnswerHandler: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = HTTPClientResponsePart

  private var promise: EventLoopPromise<Int>?
  private var status = 0
  private var closes = false

  /// Writes a request in one go; `promise` gets its answer's status.
  func send(_ head: HTTPRequestHead, _ body: ByteBuffer, _ promise: EventLoopPromise<Int>, on channel: any Channel) {
    self.promise = promise
    channel.write(HTTPClientRequestPart.head(head), promise: nil)
    channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil)
    channel.writeAndFlush(HTTPClientRequestPart.end(nil)).whenFailure { [self] error in fail(error) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      status = Int(head.status.code)
      closes = !head.isKeepAlive
    case .body: break
    case .end:
      promise?.succeed(status)
      promise = nil
      if closes { context.close(promise: nil) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(ChannelError.eof)
    context.fireChannelInactive()
  }

  private func fail(_ error: any Error) {
    promise?.fail(error)
    promise = nil
  }
}

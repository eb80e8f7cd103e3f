package import NIOCore

/// Closes a connection that has not sent a whole request head within the limit after opening: a client that drips
/// its headers holds nothing for longer.
package final class HeadDeadline: ChannelInboundHandler, RemovableChannelHandler {
  package typealias InboundIn = Never

  private let limit: TimeAmount
  private var timer: Scheduled<Void>?

  package init(limit: TimeAmount) { self.limit = limit }

  package func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
  }

  package func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

  package func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    timer?.cancel()
    timer = nil
    context.fireChannelRead(data)
  }
}

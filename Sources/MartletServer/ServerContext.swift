package import Hummingbird
package import MartletAccess
package import MartletCore
package import NIOCore

/// What travels beside a request.
package struct ServerContext: RequestContext, RemoteAddressRequestContext {
  package var coreContext: CoreRequestContextStorage
  package let remoteAddress: SocketAddress?
  /// The connection's.
  let eventLoop: any EventLoop
  /// Who asks, or why what they brought does not hold; whoever needs nobody does not look.
  package var identity: Result<Caller, MartletError>
  /// The value of the session's cookie that the caller came with.
  package var session: String?

  package init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    remoteAddress = source.channel.remoteAddress
    eventLoop = source.channel.eventLoop
    identity = .success(.local())
  }

  /// - Throws: `.unauthenticated` when the credentials do not hold.
  package var caller: Caller { get throws { try identity.get() } }

  /// Whoever it is as the ledger names them; to be read once what they need was demanded.
  package var author: Author {
    (try? identity.get())?.author(requestID: id) ?? Caller.anonymous.author(requestID: id)
  }
}

package import NIOCore
import NIOHTTP1

/// Holds each request's head to one meaning before the rest of the server reads it: a target is a path, and the server
/// is named once.
///
/// The codec behind it takes an absolute target's path and forgets its host, and keeps the first of several `Host`
/// fields. Here `GET http://name/path` becomes `GET /path` when `Host` is that name; every other absolute target, and
/// every other form, becomes one that no server answers. Several `Host` fields become none.
final class TargetForm: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
    context.fireChannelRead(wrapInboundOut(.head(Self.plain(head))))
  }

  static func plain(_ head: HTTPRequestHead) -> HTTPRequestHead {
    var head = head
    let hosts = head.headers["Host"]
    if hosts.count > 1 { head.headers.remove(name: "Host") }
    guard !head.uri.utf8.starts(with: "/".utf8) else { return head }
    head.uri = path(ofAbsolute: head.uri, host: hosts.first ?? "") ?? "*"
    return head
  }

  /// The path of `http://host/path`; nil for every other target.
  private static func path(ofAbsolute target: String, host: String) -> String? {
    let scheme = "http://"
    guard target.prefix(scheme.count).lowercased() == scheme else { return nil }
    let rest = target.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !authority.isEmpty, authority.lowercased() == host.lowercased() else { return nil }
    let path = rest.dropFirst(authority.count)
    return path.hasPrefix("/") ? String(path) : "/" + path
  }
}

/// Puts `TargetForm` right behind the HTTP decoder, then does nothing.
package final class TargetFormInstaller: ChannelInboundHandler, RemovableChannelHandler {
  package typealias InboundIn = Never

  package init() {}

  package func handlerAdded(context: ChannelHandlerContext) {
    do {
      let pipeline = context.pipeline.syncOperations
      let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
      try pipeline.addHandler(TargetForm(), position: .after(decoder))
    } catch {
      // Without the check there is no connection.
      context.close(promise: nil)
    }
  }
}

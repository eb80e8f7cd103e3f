import Foundation
import HTTPTypes
package import Hummingbird
import Logging
package import MartletCore
import NIOCore
import NIOHTTP1

/// Turns what a route threw into the native API's error body. Bad input never becomes a 5xx; what is nobody's input
/// is logged with the request's id and answered without details.
package struct RequestErrors<Context: RequestContext>: RouterMiddleware {
  /// An error as a page, with its status.
  package typealias ErrorPage = @Sendable (MartletError, HTTPResponse.Status) throws -> Response

  private let unknownRoute: @Sendable (Request) -> MartletError
  private let page: ErrorPage?

  /// - Parameters:
  ///   - unknownRoute: what to say about an address that no route has.
  ///   - page: what a person in a browser sees; nil: the same as programs.
  package init(unknownRoute: @escaping @Sendable (Request) -> MartletError, page: ErrorPage? = nil) {
    self.unknownRoute = unknownRoute
    self.page = page
  }

  package func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch {
      let failure = try self.failure(error, request, context)
      if failure.code == .internalError {
        context.logger.error("a request failed", metadata: ["path": "\(request.uri.path)", "error": "\(failure)"])
      }
      if request.isForPerson, let page {
        if failure.code == .unauthenticated, request.method == .get { return Self.signIn(request) }
        return try page(failure, ErrorAnswer.status(failure.code))
      }
      return ErrorAnswer.response(failure)
    }
  }

  /// A person is asked who they are, and then led to where they wanted to go.
  private static func signIn(_ request: Request) -> Response {
    let target = request.head.path ?? "/"
    let plain = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
    let then = target.addingPercentEncoding(withAllowedCharacters: plain) ?? "%2F"
    return Response(status: .seeOther, headers: [.location: "/sign-in?then=\(then)", .cacheControl: "no-store"])
  }

  private func failure(_ error: any Error, _ request: Request, _ context: Context) throws -> MartletError {
    switch error {
    case let error as MartletError where error.code == .internalError:
      return MartletError(.internalError, error.message, cause: error.cause, fix: error.fix ?? Self.advice(context.id))
    case let error as MartletError: return error
    case let error as HTTPError where error.status == .notFound && error.body == nil: return unknownRoute(request)
    case let error as HTTPError:
      return MartletError(error.status.code < 500 ? .invalidInput : .internalError, error.body ?? "\(error.status)")
    case is NIOTooManyBytesError: return MartletError(.payloadTooLarge, "the body is larger than this operation takes")
    case is DecodingError: return MartletError.invalidInput("the body does not have the expected shape")
    case is CancellationError: return MartletError(.unavailable, "the server is stopping", fix: "try again in a moment")
    case let error as NIOCore.ChannelError: throw error
    case let error as HTTPParserError: throw error
    default:
      context.logger.error("unexpected error", metadata: ["type": "\(type(of: error))", "error": "\(error)"])
      return MartletError(.internalError, "something unexpected went wrong", fix: Self.advice(context.id))
    }
  }

  private static func advice(_ requestID: String) -> String { "look for request \(requestID) in the server's log" }
}

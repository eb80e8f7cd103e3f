import HTTPTypes
import Hummingbird
import Logging
import MartletAccess
import MartletCore
import NIOCore
import NIOHTTP1

/// A failure as MLflow's clients read it: `{"error_code", "message"}` with the status that belongs to the code
/// (mlflow/exceptions.py).
struct WireError: Error {
  var status: HTTPResponse.Status
  var code: String
  var message: String
  /// Seconds after which it is worth trying again.
  var retryAfter: Int?

  init(_ status: HTTPResponse.Status, _ code: String, _ message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  static func notImplemented(_ message: String) -> WireError { WireError(.notImplemented, "NOT_IMPLEMENTED", message) }

  /// No code that MLflow's clients would retry for minutes stands for a caller's mistake.
  init(_ error: MartletError) {
    (status, code) = Self.statusAndCode(of: error.code)
    let sentences = [error.message, error.code == .internalError ? nil : error.cause, error.fix]
    message = sentences.compactMap(\.self).joined(separator: "; ")
    retryAfter = AttemptLimiter.retryAfter(error)
  }

  private static func statusAndCode(of code: MartletError.Code) -> (HTTPResponse.Status, String) {
    switch code {
    case .invalidInput, .unsupportedMediaType, .tooSlow: (.badRequest, "INVALID_PARAMETER_VALUE")
    case .payloadTooLarge: (.contentTooLarge, "INVALID_PARAMETER_VALUE")
    case .unauthenticated: (.unauthorized, "UNAUTHENTICATED")
    case .permissionDenied: (.forbidden, "PERMISSION_DENIED")
    case .notFound: (.notFound, "RESOURCE_DOES_NOT_EXIST")
    case .alreadyExists: (.badRequest, "RESOURCE_ALREADY_EXISTS")
    case .conflict, .checkFailed: (.conflict, "RESOURCE_CONFLICT")
    case .cancelled: (.conflict, "ABORTED")
    case .tooManyRequests: (.tooManyRequests, "REQUEST_LIMIT_EXCEEDED")
    case .storageFull: (HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), "RESOURCE_EXHAUSTED")
    case .unavailable: (.serviceUnavailable, "TEMPORARILY_UNAVAILABLE")
    case .timedOut: (.gatewayTimeout, "DEADLINE_EXCEEDED")
    case .internalError: (.internalServerError, "INTERNAL_ERROR")
    }
  }

  var response: Response {
    var writer = WireWriter()
    writer.object { body in
      body.field("error_code", code)
      body.field("message", message)
    }
    var response = Response(wire: writer, status: status)
    if status == .unauthorized { response.headers[.wwwAuthenticate] = "Basic realm=\"mlflow\"" }
    response.headers[.retryAfter] = retryAfter.map(String.init)
    return response
  }
}

/// Turns what the handlers below it throw into MLflow's error body.
struct WireErrors<Context: RequestContext>: RouterMiddleware {
  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as WireError {
      return error.response
    } catch let error as HTTPError {
      let code = error.status == .contentTooLarge ? "INVALID_PARAMETER_VALUE" : "BAD_REQUEST"
      return WireError(error.status, code, error.body ?? error.status.reasonPhrase).response
    } catch  where error is CancellationError || error is HTTPParserError {
      // A body that is no HTTP is answered by the HTTP layer, which then closes the connection.
      throw error
    } catch {
      let failure = MartletError(error, doing: "the request failed")
      if failure.code == .internalError {
        context.logger.error("\(request.method) \(request.uri.path) failed: \(failure)")
      }
      return WireError(failure).response
    }
  }
}

extension Response {
  init(wire writer: WireWriter, status: HTTPResponse.Status = .ok) {
    self.init(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes)))
  }
}

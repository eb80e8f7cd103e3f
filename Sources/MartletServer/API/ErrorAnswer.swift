import HTTPTypes
package import Hummingbird
import MartletAccess
package import MartletCore
import NIOCore

/// A `MartletError` as the native API writes it.
package enum ErrorAnswer {
  package static func status(_ code: MartletError.Code) -> HTTPResponse.Status {
    switch code {
    case .invalidInput: .badRequest
    case .unsupportedMediaType: .unsupportedMediaType
    case .payloadTooLarge: .contentTooLarge
    case .unauthenticated: .unauthorized
    case .permissionDenied: .forbidden
    case .notFound: .notFound
    case .alreadyExists, .conflict: .conflict
    case .checkFailed, .tooSlow: .unprocessableContent
    case .tooManyRequests: .tooManyRequests
    case .storageFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
    case .unavailable: .serviceUnavailable
    case .timedOut: .gatewayTimeout
    case .cancelled: .conflict
    case .internalError: .internalServerError
    }
  }

  package static func json(_ error: MartletError) -> JSON {
    var body: [String: JSON] = ["code": .string(error.code.rawValue), "message": .string(error.message)]
    body["cause"] = error.cause.map(JSON.string)
    body["fix"] = error.fix.map(JSON.string)
    return ["error": .object(body)]
  }

  package static func response(_ error: MartletError) -> Response {
    var headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
    if error.code == .unauthenticated { headers[.wwwAuthenticate] = "Basic realm=\"mlflow\"" }
    headers[.retryAfter] = AttemptLimiter.retryAfter(error).map(String.init)
    return Response(
      status: status(error.code), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: json(error).bytes)))
  }
}

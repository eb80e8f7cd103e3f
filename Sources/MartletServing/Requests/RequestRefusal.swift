import MartletCore

/// Why a request is not answered, in the words and codes of MLflow's scoring server.
package struct RequestRefusal: Error, Sendable, Hashable {
  package var status: Int
  package var code: String
  package var message: String

  package init(status: Int, code: String, message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  /// The body cannot be read.
  static func malformed(_ message: String) -> RequestRefusal {
    RequestRefusal(status: 400, code: "BAD_REQUEST", message: message)
  }

  /// The body was read and does not fit the model's signature.
  static func mismatch(_ message: String) -> RequestRefusal {
    RequestRefusal(status: 400, code: "INVALID_PARAMETER_VALUE", message: message)
  }

  static func tooLarge(_ message: String) -> RequestRefusal {
    RequestRefusal(status: 413, code: "REQUEST_LIMIT_EXCEEDED", message: message)
  }

  static func unknown(_ message: String) -> RequestRefusal {
    RequestRefusal(status: 404, code: "RESOURCE_DOES_NOT_EXIST", message: message)
  }

  static let busy = RequestRefusal(
    status: 429, code: "TOO_MANY_REQUESTS", message: "The scoring plane is at its limit of requests; try again soon.")

  static let timedOut = RequestRefusal(
    status: 504, code: "DEADLINE_EXCEEDED", message: "The prediction took longer than allowed; send fewer rows.")

  /// Any error of the domain as a refusal; its cause stays inside.
  package init(_ error: any Error) {
    if let refusal = error as? RequestRefusal {
      self = refusal
      return
    }
    let failure = MartletError(error, doing: "the request failed")
    let (status, code) = Self.statusAndCode(failure.code)
    let fix = failure.fix.map { "; \($0)" } ?? ""
    self.init(status: status, code: code, message: failure.message + fix)
  }

  private static func statusAndCode(_ code: MartletError.Code) -> (Int, String) {
    switch code {
    case .invalidInput, .checkFailed, .tooSlow: (400, "INVALID_PARAMETER_VALUE")
    case .unsupportedMediaType: (415, "INVALID_PARAMETER_VALUE")
    case .payloadTooLarge: (413, "REQUEST_LIMIT_EXCEEDED")
    case .unauthenticated: (401, "UNAUTHENTICATED")
    case .permissionDenied: (403, "PERMISSION_DENIED")
    case .notFound: (404, "RESOURCE_DOES_NOT_EXIST")
    case .alreadyExists, .conflict: (409, "RESOURCE_CONFLICT")
    case .tooManyRequests: (429, "TOO_MANY_REQUESTS")
    case .storageFull: (507, "STORAGE_FULL")
    case .unavailable: (503, "TEMPORARILY_UNAVAILABLE")
    case .timedOut: (504, "DEADLINE_EXCEEDED")
    case .cancelled, .internalError: (500, "INTERNAL_ERROR")
    }
  }

  /// `{"error_code": …, "message": …}`
  package var body: [UInt8] {
    var output: [UInt8] = Array("{\"error_code\":".utf8)
    JSON.write(code, into: &output)
    output.append(contentsOf: ",\"message\":".utf8)
    JSON.write(message, into: &output)
    output.append(UInt8(ascii: "}"))
    return output
  }
}

/// A failure that a person can act on: a small code to branch on, prose for people.
///
/// `message` says what failed and names the value given, `cause` says why where that is known, and `fix` says
/// what to do. None of the three carries secrets or row values.
package struct MartletError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, Hashable, Codable, CaseIterable {
    case invalidInput = "INVALID_INPUT"
    case unsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
    case payloadTooLarge = "PAYLOAD_TOO_LARGE"
    case unauthenticated = "UNAUTHENTICATED"
    case permissionDenied = "PERMISSION_DENIED"
    case notFound = "NOT_FOUND"
    case alreadyExists = "ALREADY_EXISTS"
    case conflict = "CONFLICT"
    case checkFailed = "CHECK_FAILED"
    case tooManyRequests = "TOO_MANY_REQUESTS"
    /// More was asked for than is worked out in the time that one request gets.
    case tooSlow = "TOO_SLOW"
    case storageFull = "STORAGE_FULL"
    case unavailable = "UNAVAILABLE"
    case timedOut = "TIMED_OUT"
    case cancelled = "CANCELLED"
    case internalError = "INTERNAL_ERROR"
  }

  package var code: Code
  package var message: String
  package var cause: String?
  package var fix: String?

  package init(_ code: Code, _ message: String, cause: String? = nil, fix: String? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
    self.fix = fix
  }

  package var description: String {
    [message, cause.map { "cause: \($0)" }, fix.map { "fix: \($0)" }].compactMap(\.self).joined(separator: "; ")
  }

  package static func invalidInput(_ message: String, fix: String? = nil) -> MartletError {
    MartletError(.invalidInput, message, fix: fix)
  }

  package static func notFound(_ message: String, fix: String? = nil) -> MartletError {
    MartletError(.notFound, message, fix: fix)
  }

  /// Any error as a `MartletError`: itself, or an internal one that keeps the original's text as its cause.
  package init(_ error: any Error, doing what: String) {
    self = (error as? MartletError) ?? MartletError(.internalError, what, cause: String(describing: error))
  }
}

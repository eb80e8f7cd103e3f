package import MartletCore

/// Why a step or a run failed, as it is stored: an error with the step it came from.
package struct RunFailure: Sendable, Hashable, Codable {
  package var code: MartletError.Code
  package var message: String
  package var cause: String?
  package var fix: String?
  package var step: String?

  package init(_ error: MartletError, step: String? = nil) {
    code = error.code
    message = error.message
    cause = error.cause
    fix = error.fix
    self.step = step
  }

  package var error: MartletError {
    MartletError(code, step.map { "the step '\($0)' failed: \(message)" } ?? message, cause: cause, fix: fix)
  }
}

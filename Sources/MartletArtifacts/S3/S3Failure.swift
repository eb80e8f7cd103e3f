import AsyncHTTPClient
import Foundation
import MartletCore
import NIOCore
import NIOPosix

/// What S3 answered instead of what was asked for.
struct S3Failure: Error {
  /// Of HTTP; 0 when no answer came.
  let status: Int
  /// S3's own code, such as `NoSuchKey`; empty where there is none.
  let code: String
  /// Nothing but what S3 says for people; no address, key or signature.
  let detail: String

  init(status: Int, text: String) {
    self.status = status
    code = Self.element("Code", in: text) ?? ""
    detail = code.isEmpty ? "S3 answered with status \(status)" : "S3 answered \(code.prefix(80)), status \(status)"
  }

  init(unreachable error: any Error) {
    status = 0
    code = ""
    switch error {
    case is NIOConnectionError: detail = "no connection"
    case let error as IOError: detail = String(cString: strerror(error.errnoCode))
    case let error as HTTPClientError where Self.late.contains(error): detail = "it did not answer in time"
    case let error as HTTPClientError where error == .remoteConnectionClosed: detail = "it closed the connection"
    default: detail = "\(type(of: error))"
    }
  }

  private static let late: [HTTPClientError] = [.connectTimeout, .deadlineExceeded, .readTimeout]

  /// Whether the same request may succeed a moment later.
  var mayPass: Bool { status == 0 || status == 429 || status >= 500 }

  /// There is no such object, in a bucket that is there.
  var isMissing: Bool { status == 404 && code != "NoSuchBucket" }

  /// For whoever asked this server: what the store's owner can see to.
  func error(_ doing: String, in location: S3Location) -> MartletError {
    let (cause, fix) =
      switch (status, code) {
      case (_, "NoSuchBucket"): ("there is no bucket '\(location.bucket)'", "make the bucket, or name another")
      case (401, _), (403, _):
        (
          "S3 denies it (\(code.isEmpty ? "status \(status)" : String(code.prefix(80))))",
          "check the server's AWS_… variables and its rights to read and write \(location)"
        )
      default: (detail, "try again once S3 answers")
      }
    return MartletError(.unavailable, "\(doing) \(location)", cause: cause, fix: fix)
  }

  /// The text of the first XML element of a name.
  static func element(_ name: String, in text: String) -> String? {
    guard let start = text.range(of: "<\(name)>"),
      let end = text.range(of: "</\(name)>", range: start.upperBound..<text.endIndex)
    else { return nil }
    return String(text[start.upperBound..<end.lowerBound])
  }
}

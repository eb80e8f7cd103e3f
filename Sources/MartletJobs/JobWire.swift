import Foundation
import MartletCore

/// What crosses the pipes between a job's caller and its worker.
///
/// A request is two lines on standard input: a header, then the arguments. Events are lines on descriptor 3:
/// progress, or the end, which is an error, or `{"result":true}` followed by a line with the result.
enum JobWire {
  struct Request: Codable {
    var kind: String
    var engines: String
    var scratch: String
    var memoryMB: Int?
  }

  struct Event: Codable {
    var progress: Progress?
    var result: Bool?
    var error: Failure?
  }

  struct Progress: Codable {
    var fraction: Double?
    var message: String
  }

  struct Failure: Codable {
    var code: MartletError.Code
    var message: String
    var cause: String?
    var fix: String?

    init(_ error: MartletError) {
      (code, message, cause, fix) = (error.code, error.message, error.cause, error.fix)
    }

    var error: MartletError { MartletError(code, message, cause: cause, fix: fix) }
  }

  /// One line of JSON without its end; infinities and NaN are texts.
  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return try encoder.encode(value)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from data: Data, what: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    do {
      return try decoder.decode(type, from: data)
    } catch {
      throw MartletError(.internalError, "\(what) cannot be read", cause: "\(error)".prefixed(400))
    }
  }
}

extension String {
  /// At most `limit` characters; what was cut is shown as `…`.
  func prefixed(_ limit: Int) -> String { count <= limit ? self : String(prefix(limit)) + "…" }
}

import HTTPTypes
import Hummingbird
import MartletCore
import NIOCore

/// Responses of the scoring plane: each whole in one buffer, so that head and body leave in one write.
enum Reply {
  static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
    response(status, "text/plain; charset=utf-8", Array(text.utf8))
  }

  static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
    response(status, "application/json", bytes)
  }

  static func json(_ value: some Encodable) throws -> Response { json(try JSON(encoding: value).bytes) }

  /// The predictions; a request of one row also learns its id and which version answered.
  static func predictions(_ prediction: Prediction) -> Response {
    var response = json(prediction.body)
    if prediction.answers.count == 1 {
      let variant = prediction.endpoint.variants[prediction.answers[0].variant]
      response.headers[.martletModelVersion] = variant.label
      if !prediction.hasOwnID { response.headers[.martletPredictionID] = prediction.ids[0] }
    }
    return response
  }

  static func refusal(_ refusal: RequestRefusal) -> Response {
    let isText = refusal.status == 415
    var response =
      isText
      ? text(refusal.message, status: .init(code: refusal.status))
      : json(refusal.body, status: .init(code: refusal.status))
    if refusal.status == 429 || refusal.status == 503 { response.headers[.retryAfter] = "1" }
    if refusal.status == 401 { response.headers[.wwwAuthenticate] = "Bearer" }
    if refusal.status == 413 { response.headers[.connection] = "close" }
    return response
  }

  private static func response(_ status: HTTPResponse.Status, _ type: String, _ bytes: [UInt8]) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = type
    headers[.xContentTypeOptions] = "nosniff"
    headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

extension HTTPField.Name {
  private static func named(_ name: String) -> HTTPField.Name {
    HTTPField.Name(name) ?? .userAgent
  }

  /// Which endpoint `/invocations` means.
  static let martletEndpoint = named("Martlet-Endpoint")
  /// When the predicted event happens, ISO 8601.
  static let martletEventTime = named("Martlet-Event-Time")
  /// Which version answered a request of one row.
  static let martletModelVersion = named("Martlet-Model-Version")
  /// The id under which the outcome of a request of one row is expected.
  static let martletPredictionID = named("Martlet-Prediction-Id")
  static let xRequestID = named("X-Request-Id")
}

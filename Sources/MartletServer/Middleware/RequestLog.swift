import HTTPTypes
package import Hummingbird
import Logging
import MartletCore

/// Gives each request an id, logs one line when it is answered (never bodies, queries or values), and
/// counts it.
package struct RequestLog: RouterMiddleware {
  package typealias Context = ServerContext
  private let measures: RequestMeasures

  package init(measures: RequestMeasures) { self.measures = measures }

  package func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    measures.begin()
    do {
      var response = try await next(request, context)
      response.headers[.requestID] = context.id
      finish(request, context, response.status.code, start)
      response.body = measured(response.body)
      return response
    } catch {
      measures.end()
      throw error
    }
  }

  private func finish(_ request: Request, _ context: Context, _ status: Int, _ start: ContinuousClock.Instant) {
    let duration = ContinuousClock.now - start
    let route = context.endpointPath ?? "none"
    measures.record(method: request.method.rawValue, route: route, status: status, duration: duration)
    let level: Logger.Level = status >= 500 ? .error : .debug
    context.logger.log(
      level: level, "\(request.method.rawValue) \(request.uri.path.prefix(200)) \(status)",
      metadata: ["milliseconds": "\(duration.wholeMilliseconds)"])
  }

  /// A stream is under way until its last byte is written.
  private func measured(_ body: ResponseBody) -> ResponseBody {
    guard body.contentLength == nil else {
      measures.end()
      return body
    }
    let measures = measures
    return ResponseBody { writer in
      defer { measures.end() }
      try await body.write(writer)
    }
  }
}

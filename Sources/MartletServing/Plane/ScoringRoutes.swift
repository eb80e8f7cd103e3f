import HTTPTypes
import Hummingbird
import MartletCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// MLflow's scoring protocol: `/ping`, `/health`, `/version`, `/invocations`, and the last for each endpoint.
struct ScoringRoutes: Sendable {
  let plane: ScoringPlane
  private let running = RunningRequests()

  init(plane: ScoringPlane) { self.plane = plane }

  func add(to router: Router<BasicRequestContext>) {
    router.get("/ping") { _, _ in health() }
    router.get("/health") { _, _ in health() }
    router.get("/version") { _, _ in Reply.text(ScoringPlane.version) }
    router.post("/invocations") { request, _ in
      try await invoke(request, endpoint: request.headers[.martletEndpoint])
    }
    router.post("/endpoints/:name/invocations") { request, context in
      try await invoke(request, endpoint: context.parameters.get("name"))
    }
  }

  /// 200 as soon as something can be predicted, 404 before, as MLflow's server does.
  private func health() -> Response {
    plane.current.all.isEmpty ? Reply.refusal(.unknown("No model is deployed here yet.")) : Reply.text("\n")
  }

  private func invoke(_ request: Request, endpoint name: String?) async throws -> Response {
    let endpoint = try plane.current.endpoint(name)
    do {
      guard running.enter(limit: plane.limits.concurrentRequests) else { throw RequestRefusal.busy }
      defer { running.leave() }
      return try await answer(request, endpoint)
    } catch let error as HTTPParserError {
      endpoint.refusals.add(status: 400)
      throw error
    } catch {
      let refusal = RequestRefusal(error)
      endpoint.refusals.add(status: refusal.status)
      throw refusal
    }
  }

  private func answer(_ request: Request, _ endpoint: LoadedEndpoint) async throws -> Response {
    let format = try BodyFormat(contentType: request.headers[.contentType])
    let facts = try facts(of: request)
    let body = try await Self.body(of: request, limit: plane.limits.bodyBytes)
    let start = ContinuousClock.now
    let isLarge = body.count > Self.largeBody
    let prediction =
      isLarge
      ? try await plane.threads.runIfActive { try predict(body, format, endpoint, facts) }
      : try predict(body, format, endpoint, facts)
    let microseconds = Int((ContinuousClock.now - start).inSeconds * 1e6)
    count(microseconds, prediction)
    try await log(prediction, microseconds, facts)
    return Reply.predictions(prediction)
  }

  /// Bodies above this many bytes, some hundred rows, are read and scored on a thread of the pool: other requests on the
  /// same event loop need not wait for them.
  private static let largeBody = 64 << 10

  private func predict(_ body: [UInt8], _ format: BodyFormat, _ endpoint: LoadedEndpoint, _ facts: RequestFacts) throws
    -> Prediction
  {
    let rows = try format.read(body, schema: endpoint.schema, rowLimit: plane.limits.rowsPerRequest)
    return try Predictor.predict(rows, at: endpoint, online: plane.online.snapshot, facts: facts)
  }

  private func facts(of request: Request) throws -> RequestFacts {
    var eventTime: Timestamp?
    if let text = request.headers[.martletEventTime] {
      guard let time = Timestamp(text) else {
        throw RequestRefusal.mismatch("The header 'Martlet-Event-Time' is not an ISO 8601 time.")
      }
      eventTime = time
    }
    let requestID = request.headers[.xRequestID].flatMap { $0.utf8.count <= 200 ? $0 : nil }
    return RequestFacts(
      requestID: requestID, eventTime: eventTime, now: plane.clock.now, deadline: .now + plane.limits.requestTime)
  }

  static func body(of request: Request, limit: Int) async throws -> [UInt8] {
    if let length = request.headers[.contentLength].flatMap(Int.init), length > limit { throw tooLarge(limit) }
    var bytes: [UInt8] = []
    for try await var part in request.body {
      guard bytes.count + part.readableBytes <= limit else { throw tooLarge(limit) }
      if let read = part.readBytes(length: part.readableBytes) {
        if bytes.isEmpty { bytes = read } else { bytes.append(contentsOf: read) }
      }
    }
    return bytes
  }

  private static func tooLarge(_ limit: Int) -> RequestRefusal {
    .tooLarge("The request body is larger than \(limit) bytes; send fewer rows.")
  }

  private func count(_ microseconds: Int, _ prediction: Prediction) {
    let endpoint = prediction.endpoint
    guard endpoint.variants.count > 1 else { return endpoint.champion.counters.addLatency(microseconds: microseconds) }
    for position in endpoint.variants.indices where prediction.answers.contains(where: { $0.variant == position }) {
      endpoint.variants[position].counters.addLatency(microseconds: microseconds)
    }
  }

  private func log(_ prediction: Prediction, _ microseconds: Int, _ facts: RequestFacts) async throws {
    let policy = prediction.endpoint.definition.log
    guard policy.share > 0, !prediction.answers.isEmpty else { return }
    let isQueued = plane.log.append(
      PredictionRecord(
        prediction: prediction, latencyMicroseconds: microseconds, wallTime: facts.now.milliseconds))
    guard policy.required else { return }
    guard isQueued else {
      throw MartletError(.unavailable, "the prediction cannot be logged, and this endpoint answers only what is logged")
    }
    try await plane.log.sync()
  }
}

/// How many predictions are under way.
private final class RunningRequests: Sendable {
  private let count = Atomic<Int>(0)

  func enter(limit: Int) -> Bool {
    guard count.add(1, ordering: .relaxed).newValue <= limit else {
      leave()
      return false
    }
    return true
  }

  func leave() { count.subtract(1, ordering: .relaxed) }
}

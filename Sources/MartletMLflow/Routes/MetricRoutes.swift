import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletTracking
import NIOCore

extension MLflowRoutes {
  func addMetricRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.raw(.get, "metrics/get-history", needs: .inside) { request, _, gate in
      let fields = WireFields(try QueryString.fields(of: request.uri.query.map { $0[...] } ?? ""))
      let run = try fields.runID()
      let key = try fields.required("metric_key")
      try await gate.demand(.read, .run(run))
      guard let limit = try fields.integer("max_results") else {
        let token = try fields.optional("page_token")
        guard token == nil || token == "" else { return try await historyPage(run, key, limit: nil, token: token) }
        return try await wholeHistory(of: run, key: key)
      }
      guard limit > 0, limit < Int64(Int32.max) else {
        throw MartletError.invalidInput(
          "Invalid value \(limit) for parameter 'max_results' supplied. It must be a positive integer.")
      }
      let token = try fields.optional("page_token")
      return try await historyPage(run, key, limit: Int(min(limit, 25_000)), token: token)
    }
    endpoints.get("metrics/get-history-bulk", needs: .inside) { call in
      let runs = try call.fields.texts("run_id")
      guard !runs.isEmpty else {
        throw MartletError.invalidInput("GetMetricHistoryBulk request must specify at least one run_id.")
      }
      guard runs.count <= 100 else {
        throw MartletError.invalidInput(
          "GetMetricHistoryBulk request cannot specify more than 100 run_ids. Received \(runs.count) run_ids.")
      }
      guard let key = try call.fields.optional("metric_key") else {
        throw MartletError.invalidInput("GetMetricHistoryBulk request must specify a metric_key.")
      }
      for run in runs { try await call.gate.demand(.read, .run(RunID(run))) }
      let limit = min(25_000, max(0, try call.fields.limit("max_results", unlessGiven: 25_000)))
      var points: [(RunID, Metric)] = []
      for run in runs.sorted() where points.count < limit {
        let history = try await tracker.metricHistory(RunID(run), key: key, limit: limit - points.count)
        points += history.items.map { (RunID(run), $0) }
      }
      return .object { $0.writePoints(points) }
    }
    endpoints.get("metrics/get-history-bulk-interval", needs: .inside, historyInterval)
  }

  private func historyPage(_ run: RunID, _ key: String, limit: Int?, token: String?) async throws -> Response {
    let page = try await tracker.metricHistory(run, key: key, limit: limit, pageToken: token)
    var writer = WireWriter(capacity: 96 * page.items.count + 64)
    writer.object { reply in
      reply.list("metrics", page.items) { $0.write($1) }
      reply.field("next_page_token", page.nextToken)
    }
    return Response(wire: writer)
  }

  /// How many points are read at once: few enough that the first are soon on their way.
  private static var historyPart: Int { 5_000 }

  /// A series of any length as one reply: while one part is sent, the next is read.
  private func wholeHistory(of run: RunID, key: String) async throws -> Response {
    let tracker = tracker
    let size = Self.historyPart
    let first = try await tracker.metricPoints(run, key: key, after: nil, limit: size)
    guard first.count == size else {
      return Response(wire: .object { $0.list("metrics", first) { $0.write($1.metric(key)) } })
    }
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody { body in
        var part = first
        try await body.write(ByteBuffer(string: "{\"metrics\":["))
        while !part.isEmpty {
          let last = part.count == size ? part.last.map(MetricPlace.init) : nil
          async let following = last == nil ? [] : tracker.metricPoints(run, key: key, after: last, limit: size)
          var writer = WireWriter(capacity: 96 * part.count)
          writer.points(part, of: key)
          try await body.write(ByteBuffer(bytes: writer.bytes))
          part = try await following
          if !part.isEmpty { try await body.write(ByteBuffer(string: ",")) }
        }
        try await body.write(ByteBuffer(string: "]}"))
        try await body.finish(nil)
      })
  }

  private var historyInterval: @Sendable (WireCall) async throws -> WireWriter {
    { [tracker] call in
      let fields = call.fields
      let runs = try fields.texts("run_ids")
      guard !runs.isEmpty else { throw fields.missing("run_ids") }
      guard runs.count <= 100 else {
        throw MartletError.invalidInput(
          "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received \(runs.count) run_ids.")
      }
      let key = try fields.required("metric_key")
      let limit = try fields.limit("max_results", unlessGiven: 2500)
      guard (1...2500).contains(limit) else {
        throw MartletError.invalidInput("max_results must be between 1 and 2500.")
      }
      for run in runs { try await call.gate.demand(.read, .run(RunID(run))) }
      let steps = try fields.steps()
      var points: [(RunID, Metric)] = []
      for run in runs {
        let series = try await tracker.metricSeries(RunID(run), key: key, steps: steps, limit: limit)
        points += series.map { (RunID(run), $0) }
      }
      return .object { $0.writePoints(points) }
    }
  }
}

extension WireFields {
  fileprivate func steps() throws -> ClosedRange<Int64>? {
    switch (try integer("start_step"), try integer("end_step")) {
    case (nil, nil): return nil
    case (let start?, let end?):
      guard start <= end else {
        throw MartletError.invalidInput(
          "end_step must be greater than start_step. Found start_step=\(start) and end_step=\(end).")
      }
      return start...end
    default:
      throw MartletError.invalidInput("If either start step or end step are specified, both must be specified.")
    }
  }
}

extension WireWriter {
  fileprivate mutating func writePoints(_ points: [(RunID, Metric)]) {
    list("metrics", points) { writer, point in
      writer.write(point.1)
      writer.field("run_id", point.0.text)
    }
  }
}

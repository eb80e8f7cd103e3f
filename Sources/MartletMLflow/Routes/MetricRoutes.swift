import Hummingbird
import MartletAccess
import MartletCore
import MartletTracking

extension MLflowRoutes {
  func addMetricRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.get("metrics/get-history", needs: .to(.read, .run)) { call in
      let run = try call.fields.runID()
      let limit = try call.fields.integer("max_results")
      if let limit, !(1...Int64(Int32.max - 1)).contains(limit) {
        throw MartletError.invalidInput(
          "Invalid value \(limit) for parameter 'max_results' supplied. It must be a positive integer.")
      }
      let page = try await tracker.metricHistory(
        run, key: try call.fields.required("metric_key"), limit: limit.map { Int(min($0, 25_000)) },
        pageToken: try call.fields.optional("page_token"))
      var writer = WireWriter(capacity: 96 * page.items.count + 64)
      writer.object { reply in
        reply.list("metrics", page.items) { $0.write($1) }
        reply.field("next_page_token", page.nextToken)
      }
      return writer
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

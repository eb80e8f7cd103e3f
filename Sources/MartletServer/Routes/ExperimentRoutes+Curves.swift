import HTTPTypes
import MartletAccess
import MartletCore
import MartletStatistics
import MartletTracking

/// Long series made short, and many runs made few.
extension ExperimentRoutes {
  var getCurve: APIRoute {
    APIRoute(
      .get, "/runs/{run}/curve", "getCurve",
      "A metric's course in few parts: each with its least, mean and greatest value, so that no spike is lost",
      needs: .reading(.run),
      query: [
        APIParameter("key", .text, "the metric", required: true),
        APIParameter("from_step", .integer(), "the first step of the window"),
        APIParameter("to_step", .integer(), "the last step of the window"),
        APIParameter(
          "parts", .integer(minimum: 1, maximum: 1000),
          "at most so many parts, 500 unless told; four times as many points come singly"),
        APIParameter("smoothing", .number, "weight of a debiased moving average over the parts' means, 0 to 0.99"),
      ], response: .json(Self.curve)
    ) { request in
      let (from, to) = (request.integer(query: "from_step") ?? .min, request.integer(query: "to_step") ?? .max)
      guard from <= to else {
        throw MartletError.invalidInput("the window ends at step \(to), before it begins at step \(from)")
      }
      let isWhole = from == .min && to == .max
      let curve = try await tracker.metricCurve(
        try request.identifier("run"), key: request.text(query: "key") ?? "", steps: isWhole ? nil : from...to,
        parts: Int(request.integer(query: "parts") ?? 500))
      return .json(Self.json(curve, smoothing: try Self.smoothing(request.text(query: "smoothing"))))
    }
  }

  private static func smoothing(_ text: String?) throws -> Double {
    guard let text else { return 0 }
    guard let weight = Double(text), (0...0.99).contains(weight) else {
      throw MartletError.invalidInput("smoothing is '\(text.prefix(40))'", fix: "a weight from 0 to 0.99")
    }
    return weight
  }

  private static func json(_ curve: MetricCurve, smoothing: Double) -> JSON {
    let smoothed = ExponentialAverage.of(curve.parts.map(\.mean), weight: smoothing)
    let parts = zip(curve.parts, smoothed).map { part, smoothed -> JSON in
      var json: [String: JSON] = [
        "first_step": .integer(part.firstStep), "last_step": .integer(part.lastStep),
        "time": .string(Timestamp(milliseconds: part.time).description), "count": .integer(Int64(part.count)),
        "missing": .integer(Int64(part.missing)),
      ]
      json["low"] = part.low.map(JSON.double)
      json["mean"] = part.mean.map(JSON.double)
      json["high"] = part.high.map(JSON.double)
      if smoothing > 0 { json["smoothed"] = smoothed.map(JSON.double) }
      return .object(json)
    }
    return [
      "key": .string(curve.key), "points": .integer(Int64(curve.points)), "exact": .boolean(curve.isExact),
      "parts": .array(parts),
    ]
  }

  var listGroups: APIRoute {
    APIRoute(
      .get, "/run-groups", "listRunGroups",
      "Runs grouped by a parameter or tag, the largest groups first, with mean and spread of metrics",
      needs: .reading(.somewhere),
      query: [
        APIParameter("experiment", .text, "only of this experiment, by id or name"),
        APIParameter("filter", .text, "such as: params.engine = 'lightgbm'"),
        APIParameter("by", .text, "such as: params.seed", required: true),
        APIParameter("metrics", .text, "names separated by commas, at most 10: metrics.roc_auc, metrics.loss"),
      ], response: .json(.page(of: Self.group))
    ) { request in
      let metrics = try RunColumn.list(written: request.text(query: "metrics") ?? "")
      guard metrics.allSatisfy({ $0.kind == .metric }) else {
        throw MartletError.invalidInput("only metrics have a mean", fix: "write them as metrics.NAME")
      }
      let found = try await tracker.groupRuns(
        experiments: try await experiments(request), filter: request.text(query: "filter"),
        by: try RunColumn(written: request.text(query: "by") ?? ""), metrics: metrics.map(\.key))
      return .items(found.groups.map(Self.json))
    }
  }

  private static func json(_ group: RunGroup) -> JSON {
    let metrics = group.metrics.mapValues { spread -> JSON in
      var json: [String: JSON] = [
        "count": .integer(Int64(spread.count)), "mean": .double(spread.mean), "low": .double(spread.low),
        "high": .double(spread.high),
      ]
      json["deviation"] = spread.deviation.map(JSON.double)
      return .object(json)
    }
    var json: [String: JSON] = ["runs": .integer(Int64(group.runs)), "metrics": .object(metrics)]
    json["value"] = group.value.map(JSON.string)
    return .object(json)
  }

  private static let curve = APISchema.named(
    "Curve",
    .object(
      [
        "key": .text, "points": .count, "exact": .boolean,
        "parts": .array(
          .object(
            [
              "first_step": .integer(), "last_step": .integer(), "time": .time, "count": .count, "missing": .count,
              "low": .number, "mean": .number, "high": .number, "smoothed": .number,
            ], required: ["first_step", "last_step", "time", "count"])),
      ], required: ["key", "points", "exact", "parts"]))

  private static let group = APISchema.named(
    "RunGroup",
    .object(
      [
        "value": .text, "runs": .count,
        "metrics": .map(
          .object(
            ["count": .count, "mean": .number, "deviation": .number, "low": .number, "high": .number],
            required: ["count", "mean"])),
      ], required: ["runs", "metrics"]))
}

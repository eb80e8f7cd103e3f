import HTTPTypes
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletTracking

/// Experiments and runs, in the native form: numbers are as they were logged, infinities included.
struct ExperimentRoutes: APIRoutes {
  let tracker: ExperimentTracker

  var routes: [APIRoute] {
    [
      listExperiments, getExperiment, listRuns, getRun, getMetric, getCurve, listGroups, listViews, saveView,
      deleteView,
    ]
  }

  private var listExperiments: APIRoute {
    APIRoute(
      .get, "/experiments", "listExperiments", "Experiments, the newest first", needs: .reading(.somewhere),
      query: APIParameter.paging,
      response: .json(.page(of: Self.experiment))
    ) { request in
      .page(
        try await tracker.searchExperiments(
          limit: request.limit, pageToken: request.pageToken, visibility: request.visibility(of: .experiment)),
        Self.json)
    }
  }

  private var getExperiment: APIRoute {
    APIRoute(
      .get, "/experiments/{experiment}", "getExperiment", "One experiment, by id or name",
      needs: .reading(.experimentNamed), response: .json(Self.experiment)
    ) { request in
      .json(Self.json(try await experiment(try request.parameter("experiment"))))
    }
  }

  private var listRuns: APIRoute {
    APIRoute(
      .get, "/runs", "listRuns", "Runs, filtered and ordered",
      needs: .reading(.somewhere),
      query: APIParameter.paging + [
        APIParameter("experiment", .text, "only of this experiment, by id or name"),
        APIParameter("filter", .text, "such as: metrics.roc_auc > 0.7 and params.depth = '6'"),
        APIParameter("order_by", .text, "such as: metrics.roc_auc desc"),
      ], response: .json(.page(of: Self.run))
    ) { request in
      let query = RunQuery(
        experiments: try await experiments(request), filter: request.text(query: "filter"),
        orderBy: request.text(query: "order_by").map { [$0] } ?? [], limit: request.limit,
        pageToken: request.pageToken)
      return .page(try await tracker.searchRuns(query), Self.json)
    }
  }

  private var getRun: APIRoute {
    APIRoute(
      .get, "/runs/{run}", "getRun", "One run with its latest metrics, parameters, tags and inputs",
      needs: .reading(.run), response: .json(Self.run)
    ) { request in
      .json(Self.json(try await tracker.run(try request.identifier("run"))))
    }
  }

  private var getMetric: APIRoute {
    APIRoute(
      .get, "/runs/{run}/metrics/{key}", "getMetric", "Every point of a metric",
      needs: .reading(.run),
      query: [
        APIParameter("limit", .integer(minimum: 1, maximum: 50_000), "points on a page, 1000 unless told"),
        APIParameter("page_token", .text, "`next_token` of the page before"),
      ], response: .json(.page(of: Self.point))
    ) { request in
      let page = try await tracker.metricHistory(
        try request.identifier("run"), key: try request.parameter("key"),
        limit: Int(request.integer(query: "limit") ?? 1000), pageToken: request.pageToken)
      return .page(page) { metric in
        [
          "step": .integer(metric.step), "value": .double(metric.value),
          "time": .string(Timestamp(milliseconds: metric.timestamp).description),
        ]
      }
    }
  }

  func experiment(_ name: String) async throws -> Experiment {
    try await tracker.experiment(named: name)
  }

  /// The one that is asked for, or all; of these, what the caller may read.
  func experiments(_ request: APIRequest) async throws -> [ExperimentID] {
    guard let name = request.text(query: "experiment") else {
      return try await tracker.experimentIDs(within: request.visibility(of: .experiment))
    }
    try await request.sight?.demand(.experimentNamed(name))
    return [try await experiment(name).id]
  }

  static func json(_ experiment: Experiment) -> JSON {
    [
      "id": .string(experiment.id.text), "name": .string(experiment.name),
      "stage": .string(experiment.lifecycle.rawValue), "created": .string(experiment.creationTime.description),
      "updated": .string(experiment.lastUpdateTime.description), "tags": Self.json(experiment.tags),
    ]
  }

  static func json(_ run: Run) -> JSON {
    var json: [String: JSON] = [
      "id": .string(run.id.text), "name": .string(run.info.name), "experiment_id": .string(run.info.experiment.text),
      "user": .string(run.info.user), "status": .string(run.info.status.rawValue),
      "started": .string(Timestamp(milliseconds: run.info.startTime).description),
      "stage": .string(run.info.lifecycle.rawValue), "params": Self.json(run.params), "tags": Self.json(run.tags),
      "metrics": .object(Dictionary(run.metrics.map { ($0.key, .double($0.value)) }) { $1 }),
      "inputs": .array(run.datasets.map { ["name": .string($0.name), "digest": .string($0.digest)] }),
    ]
    json["ended"] = run.info.endTime.map { .string(Timestamp(milliseconds: $0).description) }
    return .object(json)
  }

  private static func json(_ pairs: [KeyValue]) -> JSON {
    .object(Dictionary(pairs.map { ($0.key, .string($0.value)) }) { $1 })
  }

  private static let experiment = APISchema.named(
    "Experiment",
    .object(
      ["id": .text, "name": .text, "stage": .text, "created": .time, "updated": .time, "tags": .map(.text)],
      required: ["id", "name", "stage"]))

  private static let run = APISchema.named(
    "Run",
    .object(
      [
        "id": .text, "name": .text, "experiment_id": .text, "user": .text, "status": .text, "started": .time,
        "ended": .time, "stage": .text, "params": .map(.text), "tags": .map(.text), "metrics": .map(.number),
        "inputs": .array(.object(["name": .text, "digest": .text])),
      ], required: ["id", "experiment_id", "status"]))

  private static let point = APISchema.object(
    ["step": .integer(), "value": .number, "time": .time], required: ["step", "value"])
}

import Hummingbird
import MartletAccess
import MartletCore
import MartletTracking
import NIOCore

extension MLflowRoutes {
  func addLoggingRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.raw(.post, "runs/log-batch", needs: .inside) { request, _, gate in
      let body = try await Endpoints<Context>.body(of: request)
      let scanned = body.withUnsafeReadableBytes { LogBatchRequest(scanning: $0.bindMemory(to: UInt8.self)) }
      let batch = try scanned ?? LogBatchRequest(WireFields(body: Array(body.readableBytesView)))
      if !gate.caller.isLocal {
        try await gate.demand(.edit, .run(batch.run))
        try await gate.demand(.edit, models: batch.metrics.compactMap(\.modelID))
      }
      try await tracker.logBatch(batch.run, metrics: batch.metrics, params: batch.params, tags: batch.tags)
      return Response(wire: .empty)
    }
    endpoints.post("runs/log-metric", needs: .to(.edit, .run)) { call in
      let run = try call.fields.runID()
      let metric = try Metric(call.fields)
      try await call.gate.demand(.edit, models: [metric.modelID].compactMap(\.self))
      try await tracker.logMetric(metric, to: run)
      return .empty
    }
    endpoints.post("runs/log-parameter", needs: .to(.edit, .run)) { call in
      let run = try call.fields.runID()
      try await tracker.logParam(try KeyValue(call.fields), to: run)
      return .empty
    }
    endpoints.post("runs/set-tag", needs: .to(.edit, .run)) { call in
      let run = try call.fields.runID()
      try await tracker.setTag(try KeyValue(call.fields), on: run)
      return .empty
    }
    endpoints.post("runs/delete-tag", needs: .to(.edit, .run)) { call in
      let run = try call.fields.runID()
      try await tracker.deleteTag(try call.fields.required("key"), of: run)
      return .empty
    }
    addInputRoutes(to: endpoints)
  }

  private func addInputRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.on(.post, "runs/log-inputs", needs: .to(.edit, .run), largestBody: Endpoints<Context>.largestInputsBody) {
      call in
      let run = try call.fields.runID()
      let models = try call.fields.objects("models").map { try ModelLink($0) }
      try await call.gate.demand(.read, models: models.map(\.modelID))
      try await tracker.logInputs(
        run, datasets: try call.fields.objects("datasets").map { try DatasetInput($0) }, models: models)
      return .empty
    }
    endpoints.post("runs/outputs", needs: .to(.edit, .run)) { call in
      let run = try call.fields.runID()
      guard call.fields.has("models") else { throw call.fields.missing("models") }
      let models = try call.fields.objects("models").map { try ModelLink($0) }
      try await call.gate.demand(.edit, models: models.map(\.modelID))
      try await tracker.logOutputs(run, models: models)
      return .empty
    }
    endpoints.post("runs/log-model", needs: .to(.edit, .run)) { call in
      let run = try call.fields.runID()
      let text = try call.fields.required("model_json")
      guard let model = try? JSON.parse(text), let members = model.object else {
        throw MartletError.invalidInput("Malformed model info. model_json is not a valid JSON object.")
      }
      let absent = ["artifact_path", "flavors", "utc_time_created", "run_id"].filter { members[$0] == nil }
      guard absent.isEmpty else {
        throw MartletError.invalidInput("Model json is missing mandatory fields: \(absent)")
      }
      try await tracker.recordModel(model, in: run)
      return .empty
    }
  }
}

extension WireGate {
  /// Logged models that a request names beside its run; those that are not there are nobody's.
  fileprivate func demand(_ act: WireNeed.Act, models: [String]) async throws {
    if caller.isLocal { return }
    for model in Set(models) { try await demand(act, .loggedModel(model)) }
  }
}

extension DatasetInput {
  fileprivate init(_ fields: WireFields) throws {
    guard let dataset = try fields.object("dataset") else { throw fields.missing("dataset") }
    self.init(
      name: try dataset.required("name"), digest: try dataset.required("digest"),
      sourceType: try dataset.required("source_type"), source: try dataset.required("source"),
      schema: try dataset.optional("schema"), profile: try dataset.optional("profile"),
      tags: try fields.objects("tags").map { try KeyValue($0, at: "tags.") })
  }
}

extension ModelLink {
  fileprivate init(_ fields: WireFields) throws {
    self.init(modelID: try fields.required("model_id"), step: try fields.integer("step") ?? 0)
  }
}

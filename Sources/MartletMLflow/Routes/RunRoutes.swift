import Hummingbird
import MartletAccess
import MartletCore
import MartletTracking

extension MLflowRoutes {
  func addRunRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.post("runs/create", needs: .inside) { call in
      let fields = call.fields
      let text = try fields.text("experiment_id")
      let experiment = text.isEmpty ? ExperimentTracker.defaultExperiment : ExperimentID(text)
      let author = try await call.gate.demand(.edit, .experiment(experiment))
      let run = try await tracker.createRun(
        NewRun(
          experiment: experiment,
          name: try fields.optional("run_name"), user: try fields.text("user_id"),
          startTime: try fields.integer("start_time"),
          tags: try fields.objects("tags").enumerated().map { try KeyValue($1, at: "tags[\($0)].") }),
        by: author)
      return .object { $0.object("run") { $0.write(run) } }
    }
    endpoints.get("runs/get", needs: .to(.read, .run)) { call in
      let run = try await tracker.run(try call.fields.runID())
      return .object { $0.object("run") { $0.write(run) } }
    }
    endpoints.post("runs/update", needs: .to(.edit, .run)) { call in
      let fields = call.fields
      let info = try await tracker.updateRun(
        try fields.runID(), status: try fields.status(), endTime: try fields.integer("end_time"),
        name: try fields.optional("run_name"), by: call.author)
      return .object { $0.object("run_info") { $0.write(info) } }
    }
    endpoints.post("runs/delete", needs: .to(.delete, .run)) { call in
      try await tracker.deleteRun(try call.fields.runID(), by: call.author)
      return .empty
    }
    endpoints.post("runs/restore", needs: .to(.delete, .run)) { call in
      try await tracker.restoreRun(try call.fields.runID(), by: call.author)
      return .empty
    }
    endpoints.post("runs/search", needs: .signedIn) { call in
      let fields = call.fields
      let asked = try fields.texts("experiment_ids").map { ExperimentID($0) }
      guard asked.count <= 1000 else { throw MartletError.invalidInput("a search names at most 1000 experiments") }
      let page = try await tracker.searchRuns(
        RunQuery(
          experiments: try await call.gate.readable(asked) { .experiment($0) },
          filter: try fields.optional("filter"),
          view: try fields.view("run_view_type"), orderBy: try fields.texts("order_by"),
          limit: try fields.limit("max_results", unlessGiven: 1000), pageToken: try fields.optional("page_token")))
      var writer = WireWriter(capacity: 1024 * (page.items.count + 1))
      writer.object { reply in
        reply.list("runs", page.items) { $0.write($1) }
        reply.field("next_page_token", page.nextToken)
      }
      return writer
    }
  }
}

extension WireFields {
  /// A `RunStatus`, by name or number.
  fileprivate func status() throws -> RunStatus? {
    if let number = try? integer("status") {
      let numbered: [Int64: RunStatus] = [1: .running, 2: .scheduled, 3: .finished, 4: .failed, 5: .killed]
      if let status = numbered[number] { return status }
    }
    guard let text = try optional("status") else { return nil }
    guard let status = RunStatus(rawValue: text) else {
      throw MartletError.invalidInput(
        "Invalid value \"\(text.prefix(60))\" for parameter 'status' supplied: it is one of "
          + RunStatus.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return status
  }
}

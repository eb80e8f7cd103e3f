import Hummingbird
import MartletAccess
import MartletCore
import MartletTracking

extension MLflowRoutes {
  func addExperimentRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.post("experiments/create", needs: .somewhere(.log)) { call in
      let name = try call.fields.required("name")
      let given = try call.fields.objects("tags").map { try KeyValue($0, at: "tags.") }
      let owner = try await call.gate.owner(
        ofNew: name, tagged: given.last { $0.key == ProjectName.tag }?.value, .log)
      let id = try await tracker.createExperiment(
        named: name, artifactLocation: try call.fields.optional("artifact_location"),
        tags: given + (owner.map { [KeyValue(ProjectName.tag, $0)] } ?? []), by: call.author,
        alongside: Accounts.creation(.experiment, by: call.gate.caller, author: call.author))
      call.gate.control.accounts.created(.experiment, id.text, by: call.gate.caller)
      return .object { $0.field("experiment_id", id.text) }
    }
    endpoints.get("experiments/get", needs: .to(.read, .experiment)) { call in
      let experiment = try await tracker.experiment(try call.experimentID())
      return .object { $0.object("experiment") { $0.write(experiment) } }
    }
    endpoints.get("experiments/get-by-name", needs: .inside) { call in
      let name = try call.fields.required("experiment_name")
      guard let experiment = try await tracker.findExperiment(named: name),
        try await call.gate.allows(.read, .experiment(experiment.id))
      else { throw MartletError.notFound("Could not find experiment with name '\(name.prefix(200))'") }
      return .object { $0.object("experiment") { $0.write(experiment) } }
    }
    endpoints.post("experiments/update", needs: .to(.edit, .experiment)) { call in
      let id = try call.experimentID()
      let name = try call.fields.required("new_name")
      try await call.gate.demandProject(named: name, .log)
      try await tracker.renameExperiment(id, to: name, by: call.author)
      return .empty
    }
    endpoints.post("experiments/delete", needs: .to(.manage, .experiment)) { call in
      try await tracker.deleteExperiment(try call.experimentID(), by: call.author)
      return .empty
    }
    endpoints.post("experiments/restore", needs: .to(.manage, .experiment)) { call in
      try await tracker.restoreExperiment(try call.experimentID(), by: call.author)
      return .empty
    }
    addExperimentTagRoutes(to: endpoints)
    endpoints.get("experiments/search", needs: .signedIn, searchExperiments)
    endpoints.post("experiments/search", needs: .signedIn, searchExperiments)
    endpoints.post("experiments/search-datasets", needs: .signedIn) { call in
      let ids = try call.fields.texts("experiment_ids")
      guard !ids.isEmpty else {
        throw MartletError.invalidInput("SearchDatasets request must specify at least one experiment_id.")
      }
      guard ids.count <= 20 else {
        throw MartletError.invalidInput(
          "SearchDatasets request cannot specify more than 20 experiment_ids. Received \(ids.count) experiment_ids.")
      }
      let shown = try await tracker.experiments(
        ids.map { ExperimentID($0) }, within: call.gate.caller.visibility(of: .experiment))
      let summaries = shown.isEmpty ? [] : try await tracker.datasets(of: shown)
      return .object { reply in
        reply.list("dataset_summaries", summaries) { writer, summary in
          writer.field("experiment_id", summary.experiment.text)
          writer.field("name", summary.name)
          writer.field("digest", summary.digest)
          writer.field("context", summary.context)
        }
      }
    }
  }

  private func addExperimentTagRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.post("experiments/set-experiment-tag", needs: .to(.edit, .experiment)) { call in
      let id = try call.experimentID()
      let tag = KeyValue(try call.fields.required("key"), try call.fields.text("value"))
      try await call.gate.demandOwnerChange(tag.key, to: tag.value, .experiment(id), .log)
      try await tracker.setExperimentTag(tag, on: id)
      return .empty
    }
    endpoints.post("experiments/delete-experiment-tag", needs: .to(.edit, .experiment)) { call in
      let id = try call.experimentID()
      let key = try call.fields.required("key")
      try await call.gate.demandOwnerChange(key, to: nil, .experiment(id), .log)
      try await tracker.deleteExperimentTag(key, of: id)
      return .empty
    }
  }

  private var searchExperiments: @Sendable (WireCall) async throws -> WireWriter {
    { [tracker] call in
      let fields = call.fields
      let (filter, view) = (try fields.optional("filter"), try fields.view("view_type"))
      let (order, limit) = (try fields.texts("order_by"), try fields.limit("max_results", unlessGiven: 0))
      let page = try await tracker.searchExperiments(
        filter: filter, view: view, orderBy: order, limit: limit, pageToken: try fields.optional("page_token"),
        visibility: call.gate.caller.visibility(of: .experiment))
      return .object { reply in
        reply.list("experiments", page.items) { $0.write($1) }
        reply.field("next_page_token", page.nextToken)
      }
    }
  }
}

extension WireCall {
  fileprivate func experimentID() throws -> ExperimentID { ExperimentID(try fields.required("experiment_id")) }
}

extension WireFields {
  /// A `ViewType`, by name or number.
  func view(_ name: String) throws -> LifecycleView {
    if let number = try? integer(name) {
      switch number {
      case 1: return .active
      case 2: return .deleted
      case 3: return .all
      default: break
      }
    }
    guard let text = try optional(name) else { return .active }
    guard let view = LifecycleView(rawValue: text) else {
      throw MartletError.invalidInput(
        "Invalid value \"\(text.prefix(60))\" for parameter '\(name)' supplied: it is one of ACTIVE_ONLY, "
          + "DELETED_ONLY, ALL")
    }
    return view
  }

  /// A count of results.
  func limit(_ name: String, unlessGiven other: Int) throws -> Int {
    guard let number = try integer(name) else { return other }
    guard let limit = Int32(exactly: number) else {
      throw MartletError.invalidInput(
        "Invalid value \(number) for parameter '\(name)' supplied. It must be at most 50000")
    }
    return Int(limit)
  }
}

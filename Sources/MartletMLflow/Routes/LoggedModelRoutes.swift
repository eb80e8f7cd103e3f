import Hummingbird
import MartletAccess
import MartletCore
import MartletTracking

extension MLflowRoutes {
  func addLoggedModelRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.post("logged-models", needs: .to(.edit, .experiment)) { call in
      let fields = call.fields
      let run = try fields.optional("source_run_id").flatMap { $0.isEmpty ? nil : RunID($0) }
      if let run { try await call.gate.demand(.read, .run(run)) }
      let model = try await tracker.createLoggedModel(
        NewLoggedModel(
          experiment: ExperimentID(try fields.required("experiment_id")), name: try fields.optional("name"),
          modelType: try fields.optional("model_type"),
          sourceRun: run,
          params: try fields.pairs("params"), tags: try fields.pairs("tags")), by: call.author)
      return .object { $0.object("model") { $0.write(model) } }
    }
    endpoints.post("logged-models/search", needs: .signedIn) { call in
      var query = try LoggedModelQuery(call.fields)
      query.experiments = try await tracker.experiments(
        query.experiments, within: call.gate.caller.visibility(of: .experiment))
      let page = try await tracker.searchLoggedModels(query)
      return .object { reply in
        reply.list("models", page.items) { $0.write($1) }
        reply.field("next_page_token", page.nextToken)
      }
    }
    endpoints.get("logged-models/{model_id}", needs: .to(.read, .loggedModel)) { call in
      let model = try await tracker.loggedModel(
        call.path["model_id"] ?? "", orDeleted: try call.fields.boolean("allow_deleted") ?? false)
      return .object { $0.object("model") { $0.write(model) } }
    }
    endpoints.on(.patch, "logged-models/{model_id}", needs: .to(.edit, .loggedModel)) { call in
      let status = try call.fields.loggedModelStatus()
      let model = try await tracker.finalizeLoggedModel(call.path["model_id"] ?? "", as: status, by: call.author)
      return .object { $0.object("model") { $0.write(model) } }
    }
    endpoints.on(.delete, "logged-models/{model_id}", needs: .to(.delete, .loggedModel)) { call in
      try await tracker.deleteLoggedModel(call.path["model_id"] ?? "", by: call.author)
      return .empty
    }
    endpoints.post("logged-models/{model_id}/params", needs: .to(.edit, .loggedModel)) { call in
      try await tracker.logLoggedModelParams(try call.fields.pairs("params"), of: call.path["model_id"] ?? "")
      return .empty
    }
    endpoints.on(.patch, "logged-models/{model_id}/tags", needs: .to(.edit, .loggedModel)) { call in
      let model = try await tracker.setLoggedModelTags(try call.fields.pairs("tags"), on: call.path["model_id"] ?? "")
      return .object { $0.object("model") { $0.write(model) } }
    }
    endpoints.on(.delete, "logged-models/{model_id}/tags/{tag_key}", needs: .to(.edit, .loggedModel)) { call in
      try await tracker.deleteLoggedModelTag(call.path["tag_key"] ?? "", of: call.path["model_id"] ?? "")
      return .empty
    }
    addLoggedModelArtifactRoutes(to: endpoints)
  }

  private func addLoggedModelArtifactRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.get("logged-models/{model_id}/artifacts/directories", needs: .to(.read, .loggedModel)) { call in
      let model = try await tracker.loggedModel(call.path["model_id"] ?? "")
      let folder = try ArtifactLocation.checked(try call.fields.text("artifact_directory_path"), allowsRoot: true)
      guard let root = ArtifactLocation.path(ofURI: model.artifactURI) else { return .empty }
      let entries = try await tracker.listArtifacts(path: folder.isEmpty ? root : "\(root)/\(folder)")
      return .object { reply in
        reply.field("root_uri", model.artifactURI)
        reply.list("files", entries) { $0.write($1, in: folder) }
      }
    }
    endpoints.raw(.get, "logged-models/{model_id}/artifacts/files", needs: .inside) { request, context, gate in
      let fields = WireFields(try QueryString.fields(of: request.uri.query.map { $0[...] } ?? ""))
      guard let asked = try fields.optional("artifact_file_path"), !asked.isEmpty else {
        throw WireError(
          .badRequest, "BAD_REQUEST", "Request must include the \"artifact_file_path\" query parameter.")
      }
      let path = try ArtifactLocation.checked(asked)
      let id = try QueryString.decoded(context.parameters.get("model_id") ?? "", plusIsSpace: false)
      try await gate.demand(.read, .loggedModel(id))
      let model = try await tracker.loggedModel(id)
      guard let root = ArtifactLocation.path(ofURI: model.artifactURI) else {
        throw MartletError.notFound("No such artifact: '\(path.prefix(200))' of logged model \(model.id)")
      }
      let file = try await tracker.artifactFile(at: "\(root)/\(path)")
      return try await response(for: file.stored, to: request, context: context)
    }
  }
}

extension WireFields {
  fileprivate func pairs(_ name: String) throws -> [KeyValue] {
    try objects(name).enumerated().map { try KeyValue($1, at: "\(name)[\($0)].") }
  }

  /// A `LoggedModelStatus`, by name or number.
  fileprivate func loggedModelStatus() throws -> LoggedModel.Status {
    if let number = try? integer("status") {
      let numbered: [Int64: LoggedModel.Status] = [1: .pending, 2: .ready, 3: .uploadFailed]
      if let status = numbered[number] { return status }
    }
    let text = try required("status")
    let prefix = "LOGGED_MODEL_"
    guard text.hasPrefix(prefix), let status = LoggedModel.Status(rawValue: String(text.dropFirst(prefix.count))) else {
      throw MartletError.invalidInput("Invalid value \"\(text.prefix(60))\" for parameter 'status' supplied.")
    }
    return status
  }
}

extension LoggedModelQuery {
  fileprivate init(_ fields: WireFields) throws {
    var orderBy: [String] = []
    var orderDatasets: [Dataset?] = []
    for order in try fields.objects("order_by") {
      let name = try order.required("field_name")
      let parts = name.split(separator: ".", maxSplits: 1)
      let identifier = parts.count == 2 ? "\(parts[0]).`\(parts[1].filter { $0 != "`" })`" : name
      orderBy.append(identifier + (try order.boolean("ascending") ?? true ? " ASC" : " DESC"))
      orderDatasets.append(try order.dataset())
    }
    let datasets = try fields.objects("datasets").map { dataset in
      guard let known = try dataset.dataset() else {
        throw MartletError.invalidInput("`dataset_name` in the `datasets` clause must be specified.")
      }
      return known
    }
    let limit = try fields.limit("max_results", unlessGiven: 100)
    let experiments = try fields.texts("experiment_ids").map { ExperimentID($0) }
    guard !experiments.isEmpty else { throw fields.missing("experiment_ids") }
    self.init(
      experiments: experiments, filter: try fields.optional("filter"),
      datasets: datasets, orderBy: orderBy, orderDatasets: orderDatasets, limit: limit == 0 ? 100 : limit,
      pageToken: try fields.optional("page_token"))
  }
}

extension WireFields {
  fileprivate func dataset() throws -> LoggedModelQuery.Dataset? {
    guard let name = try optional("dataset_name"), !name.isEmpty else { return nil }
    return LoggedModelQuery.Dataset(
      name: name, digest: try optional("dataset_digest").flatMap { $0.isEmpty ? nil : $0 })
  }
}

import Hummingbird
import MartletCore
import MartletRegistry
import MartletTracking

extension MLflowRoutes {
  func addRegisteredModelRoutes(to endpoints: Endpoints<Context>) {
    let registry = registry
    endpoints.post("registered-models/create") { call in
      let model = try await registry.createModel(
        try call.fields.modelName(), description: try call.fields.optional("description"),
        tags: try call.fields.tagTable(), by: call.author)
      return .object { $0.object("registered_model") { $0.write(model) } }
    }
    endpoints.get("registered-models/get") { call in
      let model = try await registry.model(try call.fields.modelName())
      return .object { $0.object("registered_model") { $0.write(model) } }
    }
    endpoints.post("registered-models/rename") { call in
      let name = try call.fields.modelName()
      let other = ModelName(try call.fields.required("new_name"))
      let model = try await registry.renameModel(name, to: other, by: call.author)
      return .object { $0.object("registered_model") { $0.write(model) } }
    }
    endpoints.on(.patch, "registered-models/update") { call in
      let model = try await registry.describeModel(
        try call.fields.modelName(), as: try call.fields.optional("description"), by: call.author)
      return .object { $0.object("registered_model") { $0.write(model) } }
    }
    endpoints.on(.delete, "registered-models/delete") { call in
      try await registry.deleteModel(try call.fields.modelName(), by: call.author)
      return .empty
    }
    endpoints.get("registered-models/search") { call in
      let fields = call.fields
      let page = try await registry.searchModels(
        filter: try fields.optional("filter"), orderBy: try fields.texts("order_by"),
        limit: try fields.limit("max_results", unlessGiven: 100), pageToken: try fields.optional("page_token"))
      return .object { reply in
        reply.list("registered_models", page.items) { $0.write($1) }
        reply.field("next_page_token", page.nextToken)
      }
    }
    endpoints.get("registered-models/get-latest-versions", latestVersions)
    endpoints.post("registered-models/get-latest-versions", latestVersions)
    addModelTagRoutes(to: endpoints)
    addAliasRoutes(to: endpoints)
  }

  private var latestVersions: @Sendable (WireCall) async throws -> WireWriter {
    { [registry] call in
      let stages = try call.fields.texts("stages").map { try ModelStage(written: $0) }
      let versions = try await registry.latestVersions(of: try call.fields.modelName(), in: stages)
      return .object { reply in reply.list("model_versions", versions) { $0.write($1) } }
    }
  }

  private func addModelTagRoutes(to endpoints: Endpoints<Context>) {
    let registry = registry
    endpoints.post("registered-models/set-tag") { call in
      let name = try call.fields.modelName()
      try await registry.setTag(
        try call.fields.required("key"), try call.fields.text("value"), on: name, by: call.author)
      return .empty
    }
    endpoints.on(.delete, "registered-models/delete-tag") { call in
      let name = try call.fields.modelName()
      try await registry.deleteTag(try call.fields.required("key"), of: name, by: call.author)
      return .empty
    }
  }

  private func addAliasRoutes(to endpoints: Endpoints<Context>) {
    let registry = registry
    endpoints.post("registered-models/alias") { call in
      let name = try call.fields.modelName()
      let alias = try call.fields.required("alias")
      try await registry.setAlias(alias, to: try call.fields.modelVersionID(of: name), by: call.author)
      return .empty
    }
    endpoints.on(.delete, "registered-models/alias") { call in
      let name = try call.fields.modelName()
      try await registry.deleteAlias(try call.fields.required("alias"), of: name, by: call.author)
      return .empty
    }
    endpoints.get("registered-models/alias") { call in
      let name = try call.fields.modelName()
      let alias = try call.fields.required("alias")
      guard let version = try await registry.findVersion(of: name, alias: alias) else {
        // MLflow's clients look for this code here, and not for "does not exist".
        throw MartletError.invalidInput("Registered model alias \(alias.prefix(120)) not found.")
      }
      return .object { $0.object("model_version") { $0.write(version) } }
    }
  }
}

extension WireFields {
  func modelName() throws -> ModelName { ModelName(try required("name")) }

  /// The fields `name` and `version`; the version is a whole number written as text.
  func modelVersionID() throws -> ModelVersionID { try modelVersionID(of: try modelName()) }

  func modelVersionID(of name: ModelName) throws -> ModelVersionID {
    let text = try required("version")
    guard let number = Int(text) else {
      throw MartletError.invalidInput("Parameter 'version' must be an integer, got '\(text.prefix(60))'.")
    }
    return ModelVersionID(model: name, version: number)
  }

  /// The field `tags`; the last of equal keys wins.
  func tagTable() throws -> [String: String] {
    var table: [String: String] = [:]
    for (index, tag) in try objects("tags").enumerated() {
      let pair = try KeyValue(tag, at: "tags[\(index)].")
      table[pair.key] = pair.value
    }
    return table
  }
}

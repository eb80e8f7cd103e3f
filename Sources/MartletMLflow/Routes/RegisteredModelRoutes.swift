import Hummingbird
import MartletAccess
import MartletCore
import MartletRegistry
import MartletTracking

extension MLflowRoutes {
  func addRegisteredModelRoutes(to endpoints: Endpoints<Context>) {
    let registry = registry
    endpoints.post("registered-models/create", needs: .somewhere(.register)) { call in
      let name = try call.fields.modelName()
      var tags = try call.fields.tagTable()
      let owner = try await call.gate.owner(ofNew: nil, tagged: tags[ProjectName.tag], .register)
      if let owner { tags[ProjectName.tag] = owner }
      let own = Accounts.creation(.model, by: call.gate.caller, author: call.author)
      let model = try await registry.createModel(
        name, description: try call.fields.optional("description"), tags: tags, by: call.author
      ) { try own($0, name.text, $1) }
      call.gate.control.accounts.created(.model, name.text, by: call.gate.caller)
      return .object { $0.object("registered_model") { $0.write(model) } }
    }
    endpoints.get("registered-models/get", needs: .to(.read, .model)) { call in
      let model = try await registry.model(try call.fields.modelName())
      return .object { $0.object("registered_model") { $0.write(model) } }
    }
    endpoints.post("registered-models/rename", needs: .to(.edit, .model)) { call in
      let name = try call.fields.modelName()
      let other = ModelName(try call.fields.required("new_name"))
      let model = try await registry.renameModel(name, to: other, by: call.author) { connection, _ in
        if name != other { try Accounts.rename(.model, name.text, to: other.text, in: connection) }
      }
      call.gate.control.accounts.callersChanged()
      return .object { $0.object("registered_model") { $0.write(model) } }
    }
    endpoints.on(.patch, "registered-models/update", needs: .to(.edit, .model)) { call in
      let model = try await registry.describeModel(
        try call.fields.modelName(), as: try call.fields.optional("description"), by: call.author)
      return .object { $0.object("registered_model") { $0.write(model) } }
    }
    endpoints.on(.delete, "registered-models/delete", needs: .to(.manage, .model)) { call in
      let name = try call.fields.modelName()
      try await registry.deleteModel(name, by: call.author) { connection, _ in
        try Accounts.forget(.model, name.text, in: connection)
      }
      call.gate.control.accounts.callersChanged()
      return .empty
    }
    endpoints.get("registered-models/search", needs: .signedIn) { call in
      let fields = call.fields
      let (filter, order) = (try fields.optional("filter"), try fields.texts("order_by"))
      let limit = try fields.limit("max_results", unlessGiven: 100)
      let page = try await registry.searchModels(
        filter: filter, orderBy: order, limit: limit, pageToken: try fields.optional("page_token"),
        visibility: call.gate.caller.visibility(of: .model))
      return .object { reply in
        reply.list("registered_models", page.items) { $0.write($1) }
        reply.field("next_page_token", page.nextToken)
      }
    }
    endpoints.get("registered-models/get-latest-versions", needs: .to(.read, .model), latestVersions)
    endpoints.post("registered-models/get-latest-versions", needs: .to(.read, .model), latestVersions)
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
    endpoints.post("registered-models/set-tag", needs: .to(.edit, .model)) { call in
      let name = try call.fields.modelName()
      let (key, value) = (try call.fields.required("key"), try call.fields.text("value"))
      try await call.gate.demandOwnerChange(key, to: value, .model(name), .register)
      try await registry.setTag(key, value, on: name, by: call.author)
      return .empty
    }
    endpoints.on(.delete, "registered-models/delete-tag", needs: .to(.edit, .model)) { call in
      let name = try call.fields.modelName()
      let key = try call.fields.required("key")
      try await call.gate.demandOwnerChange(key, to: nil, .model(name), .register)
      try await registry.deleteTag(key, of: name, by: call.author)
      return .empty
    }
  }

  private func addAliasRoutes(to endpoints: Endpoints<Context>) {
    let registry = registry
    endpoints.post("registered-models/alias", needs: .to(.edit, .model)) { call in
      let name = try call.fields.modelName()
      let alias = try call.fields.required("alias")
      try await registry.setAlias(alias, to: try call.fields.modelVersionID(of: name), by: call.author)
      return .empty
    }
    endpoints.on(.delete, "registered-models/alias", needs: .to(.edit, .model)) { call in
      let name = try call.fields.modelName()
      try await registry.deleteAlias(try call.fields.required("alias"), of: name, by: call.author)
      return .empty
    }
    endpoints.get("registered-models/alias", needs: .to(.read, .model)) { call in
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

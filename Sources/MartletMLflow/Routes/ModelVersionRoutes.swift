import Hummingbird
import MartletAccess
import MartletCore
import MartletRegistry

extension MLflowRoutes {
  func addModelVersionRoutes(to endpoints: Endpoints<Context>) {
    let registry = registry
    endpoints.post("model-versions/create", needs: .to(.edit, .model)) { call in
      let version = try await registry.createVersion(try await self.newVersion(call.fields, call.gate), by: call.author)
      return .object { $0.object("model_version") { $0.write(version) } }
    }
    endpoints.get("model-versions/get", needs: .to(.read, .model)) { call in
      let version = try await registry.version(try call.fields.modelVersionID())
      return .object { $0.object("model_version") { $0.write(version) } }
    }
    endpoints.on(.patch, "model-versions/update", needs: .to(.edit, .model)) { call in
      let version = try await registry.describeVersion(
        try call.fields.modelVersionID(), as: try call.fields.optional("description"), by: call.author)
      return .object { $0.object("model_version") { $0.write(version) } }
    }
    endpoints.post("model-versions/transition-stage", needs: .to(.edit, .model)) { call in
      let id = try call.fields.modelVersionID()
      let stage = try ModelStage(written: try call.fields.required("stage"))
      let version = try await registry.move(
        id, to: stage, archivingOthers: try call.fields.boolean("archive_existing_versions") ?? false, by: call.author)
      return .object { $0.object("model_version") { $0.write(version) } }
    }
    endpoints.on(.delete, "model-versions/delete", needs: .to(.delete, .model)) { call in
      try await registry.deleteVersion(try call.fields.modelVersionID(), by: call.author)
      return .empty
    }
    endpoints.get("model-versions/get-download-uri", needs: .to(.read, .model)) { call in
      let version = try await registry.version(try call.fields.modelVersionID())
      return .object { $0.field("artifact_uri", version.downloadURI) }
    }
    endpoints.get("model-versions/search", needs: .signedIn) { call in
      let fields = call.fields
      let (filter, order) = (try fields.optional("filter"), try fields.texts("order_by"))
      let limit = try fields.limit("max_results", unlessGiven: 10_000)
      let page = try await registry.searchVersions(
        filter: filter, orderBy: order, limit: limit, pageToken: try fields.optional("page_token"),
        visibility: call.gate.caller.visibility(of: .model))
      return .object { reply in
        reply.list("model_versions", page.items) { $0.write($1) }
        reply.field("next_page_token", page.nextToken)
      }
    }
    endpoints.post("model-versions/set-tag", needs: .to(.edit, .model)) { call in
      let id = try call.fields.modelVersionID()
      try await registry.setVersionTag(
        try call.fields.required("key"), try call.fields.text("value"), on: id, by: call.author)
      return .empty
    }
    endpoints.on(.delete, "model-versions/delete-tag", needs: .to(.edit, .model)) { call in
      let id = try call.fields.modelVersionID()
      try await registry.deleteVersionTag(try call.fields.required("key"), of: id, by: call.author)
      return .empty
    }
  }

  private func newVersion(_ fields: WireFields, _ gate: WireGate) async throws -> NewModelVersion {
    let name = try fields.modelName()
    let source = try fields.required("source")
    let tags = try fields.tagTable()
    let resolved = try await VersionSource(
      source, run: try fields.optional("run_id").flatMap { $0.isEmpty ? nil : RunID($0) },
      loggedModelID: try fields.optional("model_id").flatMap { $0.isEmpty ? nil : $0 },
      isPrompt: tags["mlflow.prompt.is_prompt"]?.lowercased() == "true", tracker: tracker, registry: registry
    ) { try await gate.demand(.read, $0) }
    return NewModelVersion(
      model: name, source: resolved.source, run: resolved.run, runLink: try fields.optional("run_link"),
      loggedModelID: resolved.loggedModelID, description: try fields.optional("description"), tags: tags,
      files: resolved.files, signature: resolved.copied?.signature, inputExample: resolved.copied?.inputExample,
      lineage: resolved.copied?.lineage ?? [:], metrics: resolved.copied?.metrics ?? [:])
  }
}

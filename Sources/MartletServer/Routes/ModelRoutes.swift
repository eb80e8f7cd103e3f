import HTTPTypes
import MartletAccess
import MartletCore
import MartletGovernance
import MartletLifecycle
import MartletRegistry

/// Registered models and their versions.
struct ModelRoutes: APIRoutes {
  let registry: ModelRegistry
  let gates: GateStore

  var routes: [APIRoute] {
    [listModels, getModel, listVersions, getVersion, getLineage, listGates, setAlias, deleteAlias, setStage]
  }

  private var listModels: APIRoute {
    APIRoute(
      .get, "/models", "listModels", "Registered models", needs: .to(.overview, on: .somewhere),
      query: APIParameter.paging + [
        APIParameter("filter", .text, "such as: name ILIKE '%delay%' and tags.team = 'desk'")
      ], response: .json(.page(of: Self.model))
    ) { request in
      .page(
        try await registry.searchModels(
          filter: request.text(query: "filter"), limit: request.limit, pageToken: request.pageToken,
          visibility: request.visibility(of: .model, .overview)), Self.json)
    }
  }

  private var getModel: APIRoute {
    APIRoute(
      .get, "/models/{model}", "getModel", "One registered model", needs: .to(.overview, on: .model),
      response: .json(Self.model)
    ) { request in
      .json(Self.json(try await registry.model(try request.identifier("model"))))
    }
  }

  private var listVersions: APIRoute {
    APIRoute(
      .get, "/models/{model}/versions", "listModelVersions", "A model's versions, newest first",
      needs: .reading(.model), response: .json(.page(of: Self.version))
    ) { request in
      let name: ModelName = try request.identifier("model")
      let newest = try await newestNumber(of: name)
      var items: [JSON] = []
      for number in stride(from: newest, through: 1, by: -1) {
        do {
          items.append(Self.json(try await registry.version(ModelVersionID(model: name, version: number))))
        } catch let error as MartletError where error.code == .notFound {
          continue
        }
      }
      return .items(items)
    }
  }

  private func newestNumber(of name: ModelName) async throws -> Int {
    _ = try await registry.model(name)
    return try await registry.newestVersion(of: name)?.id.version ?? 0
  }

  private var getVersion: APIRoute {
    APIRoute(
      .get, "/models/{model}/versions/{version}", "getModelVersion", "One version: files, signature, lineage, metrics",
      needs: .reading(.model), response: .json(Self.version)
    ) { request in
      .json(Self.json(try await registry.version(try request.modelVersion())))
    }
  }

  private var getLineage: APIRoute {
    APIRoute(
      .get, "/models/{model}/versions/{version}/lineage", "getModelLineage",
      "Where a version comes from, down to the source files, as a graph", needs: .reading(.model), response: .json(.any)
    ) { request in
      let version = try await registry.version(try request.modelVersion())
      guard let lineage = try? version.lineage.decode(ModelLineage.self) else {
        return .json(["nodes": [], "edges": [], "recorded": RecordedLineage.json(version.lineage)])
      }
      let graph = LineageGraph.upstream(of: version.id, lineage: lineage)
      return .json([
        "nodes": .array(
          graph.nodes.map { node in
            [
              "id": .string(node.id), "kind": .string(node.kind.rawValue), "name": .string(node.title),
              "detail": node.detail.map(JSON.string) ?? .null,
              "from": .array(graph.edges.filter { $0.to == node.id }.map { .string($0.from) }),
            ]
          }),
        "edges": .array(graph.edges.map { ["from": .string($0.from), "to": .string($0.to)] }),
        "recorded": RecordedLineage.json(version.lineage),
      ])
    }
  }

  private var listGates: APIRoute {
    APIRoute(
      .get, "/models/{model}/versions/{version}/gates", "listModelGates",
      "Gates that were judged on a version or its run",
      needs: .reading(.model), response: .json(.page(of: .any))
    ) { request in
      let version = try await registry.version(try request.modelVersion())
      var records = try await gates.records(on: "model:\(version.id)")
      if let run = version.run { records += try await gates.records(on: "run:\(run)") }
      return .items(try records.map { try JSON(snakeCase: $0) })
    }
  }

  private var setAlias: APIRoute {
    APIRoute(
      .put, "/models/{model}/aliases/{alias}", "setModelAlias", "Let an alias name a version",
      needs: .to(.register, on: .model), body: .json(.object(["version": .integer(minimum: 1)], required: ["version"])),
      response: .json(Self.model)
    ) { request in
      let name: ModelName = try request.identifier("model")
      let version = Int(request.json["version"]?.integer ?? 0)
      try await registry.setAlias(
        try request.parameter("alias"), to: ModelVersionID(model: name, version: version), by: request.author)
      return .json(Self.json(try await registry.model(name)))
    }
  }

  private var deleteAlias: APIRoute {
    APIRoute(
      .delete, "/models/{model}/aliases/{alias}", "deleteModelAlias", "Let an alias name nothing any more",
      needs: .to(.register, on: .model),
      response: .noContent
    ) { request in
      let (name, alias) = (try request.identifier("model") as ModelName, try request.parameter("alias"))
      guard try await registry.model(name).aliases[alias] != nil else {
        throw MartletError.notFound("\(name) has no alias '\(alias.prefix(60))'", fix: "martlet model show \(name)")
      }
      try await registry.deleteAlias(alias, of: name, by: request.author)
      return .empty
    }
  }

  private var setStage: APIRoute {
    APIRoute(
      .put, "/models/{model}/versions/{version}/stage", "setModelStage", "Move a version to a stage",
      needs: .to(.register, on: .model),
      body: .json(
        .object(
          ["stage": .string(oneOf: ModelStage.allCases.map(\.rawValue)), "archive_others": .boolean],
          required: ["stage"])), response: .json(Self.version)
    ) { request in
      .json(
        Self.json(
          try await registry.move(
            try request.modelVersion(), to: try ModelStage(written: request.json["stage"]?.string ?? ""),
            archivingOthers: request.json["archive_others"]?.boolean ?? false, by: request.author)))
    }
  }

  static func json(_ model: RegisteredModel) -> JSON {
    var json: [String: JSON] = [
      "name": .string(model.name.text), "created": .string(model.creationTime.description),
      "updated": .string(model.lastUpdateTime.description), "tags": .object(model.tags.mapValues(JSON.string)),
      "aliases": .object(model.aliases.mapValues { .integer(Int64($0)) }),
    ]
    json["description"] = model.description.map(JSON.string)
    json["latest_version"] = model.latestVersions.map(\.id.version).max().map { .integer(Int64($0)) }
    return .object(json)
  }

  static func json(_ version: ModelVersion) -> JSON {
    var json: [String: JSON] = [
      "id": .string(version.id.description), "name": .string(version.id.model.text),
      "version": .integer(Int64(version.id.version)), "source": .string(version.source),
      "author": .string(version.createdBy), "stage": .string(version.stage.rawValue),
      "status": .string(version.status.rawValue), "created": .string(version.creationTime.description),
      "updated": .string(version.lastUpdateTime.description), "tags": .object(version.tags.mapValues(JSON.string)),
      "aliases": .array(version.aliases.map(JSON.string)), "bytes": .integer(version.size),
      "files": .array(
        version.files.map { file in
          ["path": .string(file.path), "digest": .string(file.digest.hex), "bytes": .integer(file.size)]
        }), "lineage": RecordedLineage.json(version.lineage),
      "metrics": .object(version.metrics.mapValues(JSON.double)),
    ]
    json["run_id"] = version.run.map { .string($0.text) }
    json["description"] = version.description.map(JSON.string)
    json["digest"] = version.checksum.map { .string($0.hex) }
    json["signature"] = version.signature
    json["input_example"] = version.inputExample
    return .object(json)
  }

  private static let model = APISchema.named(
    "RegisteredModel",
    .object(
      [
        "name": .text, "description": .text, "created": .time, "updated": .time, "tags": .map(.text),
        "aliases": .map(.integer(minimum: 1)), "latest_version": .integer(minimum: 1),
      ], required: ["name"]))

  private static let version = APISchema.named(
    "ModelVersion",
    .object(
      [
        "id": .text, "name": .text, "version": .integer(minimum: 1), "source": .text, "author": .text, "stage": .text,
        "status": .text, "created": .time, "updated": .time, "tags": .map(.text), "aliases": .array(.text),
        "bytes": .count, "run_id": .text, "description": .text, "digest": .text, "lineage": .any,
        "metrics": .map(.number), "signature": .any, "input_example": .any,
        "files": .array(.object(["path": .text, "digest": .text, "bytes": .count])),
      ], required: ["id", "name", "version"]))
}

extension APIRequest {
  /// `{model}` and `{version}` of the path.
  func modelVersion() throws -> ModelVersionID {
    ModelVersionID(model: try identifier("model"), version: try number("version"))
  }
}

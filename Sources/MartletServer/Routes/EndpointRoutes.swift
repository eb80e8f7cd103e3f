import HTTPTypes
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletPipelines
import MartletServing

/// Endpoints: what is live, roll-outs, roll-backs, outcomes.
struct EndpointRoutes: APIRoutes {
  let loop: ControlLoop
  /// Where the scoring plane answers now; nil while it is away.
  let scoringURL: @Sendable () async -> String?

  private var deployments: Deployments { loop.platform.deployments }
  private var outcomes: OutcomeLog { loop.platform.outcomes }

  var routes: [APIRoute] { [list, get, listDeployments, deploy, promote, rollback, recordOutcomes] }

  private var list: APIRoute {
    APIRoute(
      .get, "/endpoints", "listEndpoints", "Endpoints and what answers on them",
      needs: .to(.overview, on: .somewhere), response: .json(.page(of: Self.endpoint))
    ) { request in
      let base = await scoringURL()
      let shown = try await deployments.endpoints().filter { request.shows($0.definition.project, .overview) }
      return .items(shown.map { Self.json($0, base) })
    }
  }

  private var get: APIRoute {
    APIRoute(
      .get, "/endpoints/{endpoint}", "getEndpoint", "One endpoint with its definition and traffic",
      needs: .to(.overview, on: .endpoint), response: .json(Self.endpoint)
    ) { request in
      let endpoint = try await deployments.endpoint(try request.identifier("endpoint"))
      var json = Self.json(endpoint, await scoringURL()).object ?? [:]
      json["definition"] = try JSON(snakeCase: endpoint.definition)
      json["outcomes"] = try JSON(snakeCase: try await outcomes.counts(of: endpoint.definition.name))
      return .json(.object(json))
    }
  }

  private var listDeployments: APIRoute {
    APIRoute(
      .get, "/endpoints/{endpoint}/deployments", "listDeployments", "An endpoint's deployments, newest first",
      needs: .reading(.endpoint), response: .json(.page(of: Self.deployment))
    ) { request in
      let name: EndpointName = try request.identifier("endpoint")
      _ = try await deployments.endpoint(name)
      return .items(try await deployments.deployments(of: name).map(Self.json))
    }
  }

  private var deploy: APIRoute {
    APIRoute(
      .post, "/endpoints/{endpoint}/deployments", "startDeployment",
      "Start to bring a registered version to the endpoint; its gates decide how far it gets",
      needs: .to(.deploy, on: .endpoint),
      body: .json(.object(["version": .text, "reason": .text], required: ["version"])),
      response: .accepted(Self.deployment)
    ) { request in
      let endpoint = try await deployments.endpoint(try request.identifier("endpoint"))
      let project = endpoint.definition.project
      let version = try Self.version(request.json["version"]?.string ?? "")
      try await request.sight?.demand(.model(version.model))
      let deployment = try await loop.release.start(
        version, on: endpoint.definition.name, project: project,
        by: request.author, at: try await loop.platform.now(of: project))
      return .json(Self.json(deployment))
    }
  }

  /// `flight-delay@3`
  private static func version(_ text: String) throws -> ModelVersionID {
    guard let at = text.lastIndex(of: "@"), let number = Int(text[text.index(after: at)...]), number > 0,
      at > text.startIndex
    else {
      throw MartletError.invalidInput("'\(text.prefix(100))' names no model version", fix: "write it as flight-delay@3")
    }
    return ModelVersionID(model: ModelName(String(text[..<at])), version: number)
  }

  private var promote: APIRoute {
    APIRoute(
      .post, "/endpoints/{endpoint}/promote", "promote",
      "Take the roll-out's next step now, if the live gate and the hold allow it",
      needs: .to(.deploy, on: .endpoint), body: .optionalJSON(.object(["reason": .text])),
      response: .json(Self.deployment)
    ) { request in
      let endpoint = try await deployments.endpoint(try request.identifier("endpoint"))
      let project = endpoint.definition.project
      let file = try await loop.platform.projects.active(project).file
      let changed = try await loop.release.advance(
        endpoint.definition.name, file: file, at: try await loop.platform.now(of: project))
      guard let changed else {
        throw MartletError(
          .conflict, "the roll-out on '\(endpoint.definition.name)' stays where it is",
          cause: endpoint.rollout.challenger == nil
            ? "no version is on its way" : "its rung has not been held long enough",
          fix: "send it more requests, or roll it back")
      }
      return .json(Self.json(changed))
    }
  }

  private var rollback: APIRoute {
    APIRoute(
      .post, "/endpoints/{endpoint}/rollback", "rollBack", "Give the challenger's traffic back to the champion",
      needs: .to(.deploy, .stop, on: .endpoint), body: .json(.object(["reason": .text], required: ["reason"])),
      response: .json(Self.deployment)
    ) { request in
      let endpoint = try await deployments.endpoint(try request.identifier("endpoint"))
      return .json(
        Self.json(
          try await loop.release.rollBack(
            endpoint.definition.name, reason: request.json["reason"]?.string ?? "", by: request.author,
            at: try await loop.platform.now(of: endpoint.definition.project))))
    }
  }

  private var recordOutcomes: APIRoute {
    APIRoute(
      .post, "/endpoints/{endpoint}/outcomes", "recordOutcomes", "Say what came of predictions, by their ids",
      needs: .to(.label, .log, on: .endpoint),
      body: .json(
        .object(
          [
            "outcomes": .array(
              .object(["id": .text, "value": .number, "at": .time], required: ["id", "value", "at"]))
          ], required: ["outcomes"])), response: .json(.any)
    ) { request in
      let endpoint = try await deployments.endpoint(try request.identifier("endpoint"))
      let found = try (request.json["outcomes"] ?? []).decode([Outcome].self)
      return try .encoding(
        try await outcomes.record(
          found, for: endpoint.definition.name, at: try await loop.platform.now(of: endpoint.definition.project)))
    }
  }

  static func json(_ endpoint: DeployedEndpoint, _ base: String?) -> JSON {
    let name = endpoint.definition.name.text
    var json: [String: JSON] = [
      "name": .string(name), "project": .string(endpoint.definition.project.text),
      "state": endpoint.rollout.champion == nil ? "empty" : endpoint.rollout.challenger == nil ? "live" : "rolling out",
      "changed": .string(endpoint.changedAt.description),
      "traffic": .array(
        endpoint.variants.map { variant in
          [
            "version": .string(variant.modelVersion.description), "share": .double(variant.share),
            "role": .string(variant.role.rawValue),
          ]
        }),
    ]
    json["live"] = endpoint.rollout.champion.map { .string($0.modelVersion.description) }
    json["canary"] = endpoint.rollout.challenger.map { .string($0.modelVersion.description) }
    json["url"] = base.map { .string("\($0)/endpoints/\(name)/invocations") }
    return .object(json)
  }

  static func json(_ deployment: Deployment) -> JSON {
    var json: [String: JSON] = [
      "id": .string(deployment.id.text), "endpoint": .string(deployment.endpoint.text),
      "version": .string(deployment.version.description), "strategy": .string(deployment.strategy.rawValue),
      "state": .string(deployment.status.rawValue), "rung": .integer(Int64(deployment.rung)),
      "share": .double(deployment.share), "author": .string(deployment.author),
      "started": .string(deployment.startedAt.description),
    ]
    json["former"] = deployment.former.map(JSON.string)
    json["reason"] = deployment.reason.map(JSON.string)
    json["ended"] = deployment.endedAt.map { .string($0.description) }
    return .object(json)
  }

  private static let endpoint = APISchema.named(
    "Endpoint",
    .object(
      [
        "name": .text, "project": .text, "state": .text, "live": .text, "canary": .text, "url": .text, "changed": .time,
      ],
      required: ["name", "project", "state"], open: true))
  private static let deployment = APISchema.named(
    "Deployment",
    .object(
      [
        "id": .text, "endpoint": .text, "version": .text, "strategy": .text, "state": .text, "rung": .count,
        "share": .number, "author": .text, "started": .time, "former": .text, "reason": .text, "ended": .time,
      ], required: ["id", "endpoint", "version", "state"]))
}

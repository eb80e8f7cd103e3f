import HTTPTypes
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletPipelines

/// Pipeline runs: started, followed, cancelled.
struct PipelineRunRoutes: APIRoutes {
  let loop: ControlLoop

  private var runs: PipelineRunStore { loop.platform.pipelineRuns }

  var routes: [APIRoute] { [start, plan, list, get, log, events, cancel] }

  private var start: APIRoute {
    APIRoute(
      .post, "/projects/{project}/pipeline-runs", "startPipelineRun", "Run the project's pipeline",
      needs: .to(.run, on: .project), body: .optionalJSON(Self.request), response: .accepted(Self.run)
    ) { request in
      switch try await loop.runner.start(try Self.request(request)) {
      case .started(let run), .queued(let run, _): return .json(try await json(run))
      case .dropped(let reason):
        throw MartletError(.conflict, "no pipeline run was started", cause: reason, fix: "see the project's limits")
      }
    }
  }

  private var plan: APIRoute {
    APIRoute(
      .post, "/projects/{project}/plan", "planPipelineRun", "What a run would do, step by step, and why",
      needs: .reading(.project), body: .optionalJSON(Self.request), response: .json(.any)
    ) { request in
      let plan = try await loop.runner.plan(try Self.request(request))
      return .json([
        "steps": .array(
          plan.steps.map { step in
            [
              "step": .string(step.name), "kind": .string(step.kind.rawValue), "action": .string(step.action.rawValue),
              "reason": .string(step.reason), "needs": .array(step.needs.map(JSON.string)),
            ]
          })
      ])
    }
  }

  private var list: APIRoute {
    APIRoute(
      .get, "/projects/{project}/pipeline-runs", "listPipelineRuns", "A project's pipeline runs, newest first",
      needs: .reading(.project), query: APIParameter.paging, response: .json(.page(of: Self.run))
    ) { request in
      let project: ProjectName = try request.identifier("project")
      _ = try await loop.platform.projects.project(project)
      return .page(
        try await runs.runs(project, limit: request.limit, pageToken: request.pageToken), PipelineRunJSON.summary)
    }
  }

  private var get: APIRoute {
    APIRoute(
      .get, "/pipeline-runs/{run}", "getPipelineRun", "One run with its steps", needs: .reading(.pipelineRun),
      response: .json(Self.run)
    ) { request in
      .json(try await json(try await runs.run(try request.identifier("run"))))
    }
  }

  private var log: APIRoute {
    APIRoute(
      .get, "/pipeline-runs/{run}/steps/{step}/log", "getStepLog", "A step's log from an offset on",
      needs: .reading(.pipelineRun), query: [APIParameter("offset", .integer(minimum: 0), "in bytes; 0 unless told")],
      response: .json(.any)
    ) { request in
      let page = try await loop.runner.log(
        try request.identifier("run"), step: try request.parameter("step"),
        from: Int(request.integer(query: "offset") ?? 0))
      return .json([
        "text": .string(page.text), "offset": .integer(Int64(page.offset)),
        "next_offset": .integer(Int64(page.nextOffset)),
      ])
    }
  }

  private var events: APIRoute {
    APIRoute(
      .get, "/pipeline-runs/{run}/events", "followPipelineRun", "Each change of a step's state, until the run is over",
      needs: .reading(.pipelineRun), response: .events(.any)
    ) { request in
      let run = try await runs.run(try request.identifier("run"))
      return .events(RunEvents(run: run.id, runs: runs))
    }
  }

  private var cancel: APIRoute {
    APIRoute(
      .post, "/pipeline-runs/{run}/cancel", "cancelPipelineRun", "End a run: what works is stopped",
      needs: .to(.run, .stop, on: .pipelineRun), body: .optionalJSON(.object(["reason": .text])),
      response: .json(Self.run)
    ) { request in
      let run = try await loop.runner.cancel(
        try request.identifier("run"), reason: request.json["reason"]?.string)
      return .json(try await json(run))
    }
  }

  private static func request(_ request: APIRequest) throws -> PipelineRunRequest {
    PipelineRunRequest(
      project: try request.identifier("project"), version: request.json["version"]?.integer.map { Int(clamping: $0) },
      params: request.json["params"]?.object ?? [:],
      targets: (request.json["steps"]?.array ?? []).compactMap(\.string), reason: request.json["reason"]?.string,
      ignoresCache: request.json["force"]?.boolean ?? false, author: request.author)
  }

  private func json(_ run: PipelineRun) async throws -> JSON {
    PipelineRunJSON.full(run, steps: try await runs.steps(of: run.id))
  }

  private static let request = APISchema.object([
    "version": .integer(minimum: 1), "params": .map(.any), "steps": .array(.text), "force": .boolean, "reason": .text,
  ])
  private static let run = APISchema.named(
    "PipelineRun",
    .object(
      [
        "id": .text, "project": .text, "number": .count,
        "state": .string(oneOf: PipelineRun.State.allCases.map(\.rawValue)), "trigger": .text, "created": .time,
      ], required: ["id", "project", "state"], open: true))
}

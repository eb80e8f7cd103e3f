import HTTPTypes
import MartletAccess
import MartletCore
import MartletGoals
import MartletLifecycle
import MartletPipelines

/// Projects: their code as uploaded, and their time.
struct ProjectRoutes: APIRoutes {
  let loop: ControlLoop

  private var platform: Platform { loop.platform }

  var routes: [APIRoute] { [list, get, put, flow, getClock, advanceClock, releaseClock] }

  private var list: APIRoute {
    APIRoute(
      .get, "/projects", "listProjects", "All projects", needs: .to(.overview, on: .somewhere),
      response: .json(.page(of: Self.project))
    ) { request in
      .items(try await platform.projects.projects().filter { request.shows($0.name, .overview) }.map(Self.json))
    }
  }

  private var get: APIRoute {
    APIRoute(
      .get, "/projects/{project}", "getProject", "One project with its active version",
      needs: .to(.overview, on: .project), response: .json(Self.project)
    ) { request in
      let project = try await platform.projects.project(try request.identifier("project"))
      var json = Self.json(project).object ?? [:]
      if project.activeVersion != nil {
        json["active"] = try Self.json(try await platform.projects.active(project.name))
      }
      return .json(.object(json))
    }
  }

  private var put: APIRoute {
    APIRoute(
      .put, "/projects/{project}", "putProject", "Upload martlet.yaml with its text files; its declarations are made",
      needs: .to(.run, on: .project), body: .json(Self.snapshot, limit: 40 << 20), response: .json(.any)
    ) { request in
      let name: ProjectName = try request.identifier("project")
      let snapshot = try Self.snapshot(request.json)
      let version = try await loop.setup.put(snapshot, of: name, by: request.author)
      return .json(try Self.json(version))
    }
  }

  private var flow: APIRoute {
    APIRoute(
      .get, "/projects/{project}/flow", "getProjectFlow",
      "How work flows, from the ledger: cycle time from new data to live, deployments, failed changes, recovery",
      needs: .to(.overview, on: .project),
      query: [APIParameter("from", .time, "only from this time on; from the first record unless told")],
      response: .json(Self.flowMeasures)
    ) { request in
      let project = try await platform.projects.project(try request.identifier("project"))
      return .json(
        Self.json(
          try await ProjectFlow(platform: platform).measures(of: project.name, from: request.time(query: "from"))))
    }
  }

  private var getClock: APIRoute {
    APIRoute(
      .get, "/projects/{project}/clock", "getClock", "The project's own time", needs: .to(.overview, on: .project),
      response: .json(Self.clock)
    ) { request in
      let project = try await platform.projects.project(try request.identifier("project"))
      return .json([
        "now": .string(try await platform.now(of: project.name).description),
        "driven": .boolean(project.eventTime != nil),
      ])
    }
  }

  private var advanceClock: APIRoute {
    APIRoute(
      .post, "/projects/{project}/clock", "advanceClock",
      "Move the project's time on; answers when everything that fell due has been done",
      needs: .to(.run, on: .project), body: .json(.object(["now": .time], required: ["now"])),
      response: .json(Self.clock)
    ) { request in
      let name: ProjectName = try request.identifier("project")
      _ = try await platform.projects.project(name)
      guard let now = request.json["now"]?.string.flatMap({ Timestamp($0) }) else {
        throw MartletError.invalidInput("'now' is not a time")
      }
      return try .encoding(try await loop.clock.advance(name, to: now, waits: true))
    }
  }

  private var releaseClock: APIRoute {
    APIRoute(
      .delete, "/projects/{project}/clock", "releaseClock", "Give the project back to the wall clock",
      needs: .to(.run, on: .project), response: .noContent
    ) { request in
      let project = try await platform.projects.project(try request.identifier("project"))
      try await platform.eventTimes.release(project.name, by: request.author)
      return .empty
    }
  }

  private static func snapshot(_ json: JSON) throws -> ProjectSnapshot {
    var files: [String: ProjectFiles.File] = [:]
    for file in json["files"]?.array ?? [] {
      let path = file["path"]?.string ?? ""
      let content = ProjectFiles.File(
        bytes: Array((file["text"]?.string ?? "").utf8), isExecutable: file["executable"]?.boolean ?? false)
      guard files.updateValue(content, forKey: path) == nil else {
        throw MartletError.invalidInput("the file '\(path.prefix(128))' stands twice in the snapshot")
      }
    }
    return ProjectSnapshot(
      files: try ProjectFiles(files), commit: json["commit"]?.string, isDirty: json["dirty"]?.boolean ?? false,
      branch: json["branch"]?.string)
  }

  static func json(_ project: Project) -> JSON {
    var json: [String: JSON] = [
      "name": .string(project.name.text), "created": .string(project.createdAt.description),
    ]
    json["version"] = project.activeVersion.map { .integer(Int64($0)) }
    json["event_time"] = project.eventTime.map { .string($0.description) }
    return .object(json)
  }

  static func json(_ version: ProjectVersion) throws -> JSON {
    var json: [String: JSON] = [
      "project": .string(version.project.text), "version": .integer(Int64(version.number)),
      "digest": .string(version.digest.hex), "dirty": .boolean(version.isDirty),
      "created": .string(version.createdAt.description), "author": .string(version.author.name),
      "files": .array(version.entries.map { .string($0.path) }), "file": try JSON(snakeCase: version.file),
    ]
    json["commit"] = version.commit.map(JSON.string)
    json["branch"] = version.branch.map(JSON.string)
    return .object(json)
  }

  private static func json(_ flow: FlowMeasures) -> JSON {
    func spread(_ spread: FlowMeasures.Spread?) -> JSON {
      guard let spread else { return .null }
      return [
        "count": .integer(Int64(spread.count)), "median_seconds": .double(Double(spread.medianMilliseconds) / 1000),
        "longest_seconds": .double(Double(spread.longestMilliseconds) / 1000),
      ]
    }
    func number(_ value: Double?) -> JSON { value.map(JSON.double) ?? .null }
    return [
      "cycle_time": spread(flow.cycleTime), "deployments": .integer(Int64(flow.deployments)),
      "deployments_per_30_days": number(flow.deploymentsPer30Days), "change_fail_rate": number(flow.changeFailRate),
      "time_to_recover": spread(flow.timeToRecover), "data_error_rate": number(flow.dataErrorRate),
    ]
  }

  private static let flowMeasures = APISchema.named(
    "FlowMeasures",
    .object(
      [
        "cycle_time": .any, "deployments": .count, "deployments_per_30_days": .any, "change_fail_rate": .any,
        "time_to_recover": .any, "data_error_rate": .any,
      ], required: ["deployments"]))
  private static let project = APISchema.named(
    "Project",
    .object(
      ["name": .text, "version": .count, "event_time": .time, "created": .time], required: ["name"], open: true))
  private static let snapshot = APISchema.object(
    [
      "files": .array(
        .object(["path": .text, "text": .text, "executable": .boolean], required: ["path", "text"])), "commit": .text,
      "dirty": .boolean, "branch": .text,
    ], required: ["files"])
  private static let clock = APISchema.object(["now": .time], required: ["now"], open: true)
}

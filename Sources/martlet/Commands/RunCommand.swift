import ArgumentParser
import MartletCore

struct RunCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the project's pipeline and follow it.",
    discussion: """
      EXAMPLE
        martlet run
        martlet run Examples/flights -p train_days=90

      Sends martlet.yaml with the text files that git does not ignore, and the data files that the server has not seen.
      Steps whose code, parameters and data are as before are taken from the cache. Ctrl-C stops following, not the run.
      """)

  @Argument(help: "The project's folder.", completion: .directory) var folder = "."
  @Option(
    name: [.customShort("p"), .long],
    help: ArgumentHelp("A parameter for this run; may be repeated.", valueName: "name=value"))
  var param: [String] = []
  @Option(help: "Run only this step and what it needs; may be repeated.") var step: [String] = []
  @Option(help: "Run this code as a branch: it does not become the version that triggers start.") var branch: String?
  @Flag(help: "Run every step again, whatever the cache has.") var force = false
  @Flag(help: "Show what would run and why, without running it.") var dryRun = false
  @Flag(help: "Return as soon as the run has started.") var detach = false
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let project = try ProjectFolder(path: folder)
    let upload = ProjectUpload(project: project, session: session)
    let version = try await upload.snapshot(branch: branch)["version"]
    let request = try RunRequest(params: param, steps: step, force: force, version: branch == nil ? nil : version).json
    if dryRun {
      return PlanTable(plan: try await session.client.send(.post, upload.path("/plan"), request)).show(
        session, project.name)
    }
    try await upload.data()
    let started = try await session.client.send(.post, upload.path("/pipeline-runs"), request)
    guard let id = started["id"]?.string else {
      throw MartletError(.internalError, "the server started no pipeline run")
    }
    if detach {
      return session.output.item(
        started, [.init("pipeline run", "id"), .init("state", "state")], link: session.page("/pipelines/\(id)"))
    }
    try await RunFollower(id: id, session: session).follow()
  }
}

struct PlanCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what a run would do, step by step, and why.",
    discussion: """
      EXAMPLE
        martlet plan
      """)

  @Argument(help: "The project's folder.", completion: .directory) var folder = "."
  @Option(
    name: [.customShort("p"), .long],
    help: ArgumentHelp("A parameter for this run; may be repeated.", valueName: "name=value"))
  var param: [String] = []
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let project = try ProjectFolder(path: folder)
    let upload = ProjectUpload(project: project, session: session)
    try await upload.snapshot()
    let request = try RunRequest(params: param, steps: [], force: false).json
    PlanTable(plan: try await session.client.send(.post, upload.path("/plan"), request)).show(session, project.name)
  }
}

/// What a run is asked to do differently.
struct RunRequest {
  let json: JSON

  init(params: [String], steps: [String], force: Bool, version: JSON? = nil) throws {
    var body: [String: JSON] = ["force": .boolean(force)]
    body["version"] = version
    if !steps.isEmpty { body["steps"] = .array(steps.map(JSON.string)) }
    if !params.isEmpty { body["params"] = .object(try Self.read(params)) }
    json = .object(body)
  }

  private static func read(_ params: [String]) throws -> [String: JSON] {
    var values: [String: JSON] = [:]
    for param in params {
      guard let (name, value) = param.firstIndex(of: "=").map({ (param[..<$0], param[param.index(after: $0)...]) }),
        !name.isEmpty
      else {
        throw UsageError("'\(param)' is not a parameter", fix: "write it as name=value")
      }
      values[String(name)] = Self.value(String(value))
    }
    return values
  }

  /// A number or a boolean where it reads as one, else the text itself.
  private static func value(_ text: String) -> JSON {
    switch try? JSON.parse(text) {
    case .some(.integer(let number)): .integer(number)
    case .some(.double(let number)): .double(number)
    case .some(.boolean(let flag)): .boolean(flag)
    default: .string(text)
    }
  }
}

/// A plan as a table: each step, whether it runs, and why.
struct PlanTable {
  let plan: JSON

  func show(_ session: Session, _ project: String) {
    session.output.list(
      plan["steps"]?.array ?? [],
      [.init("STEP", "step"), .init("KIND", "kind"), .init("ACTION", "action"), .init("WHY", "reason")],
      link: session.page("/projects/\(project)"))
  }
}

import MartletCore
import MartletLifecycle
import MartletPipelines

/// One pipeline run: its graph, and each step with its state, why it ran, what came out, and its log.
struct PipelineRunPage {
  /// Everything that the page shows.
  struct Content {
    var run: PipelineRun
    var steps: [StepRecord]
    /// The end of each step's log, by step.
    var logs: [String: String] = [:]
  }

  var name: String
  var state: String
  var summary: String
  var isUnderWay: Bool
  var failure: ErrorPage?
  var failedStep: StepLink?
  var graph: String
  var facts: String
  var params: String
  var steps: [StepCard]

  struct StepLink {
    var step: String
    var anchor: String
  }

  init(_ content: Content) {
    let run = content.run
    name = "\(run.project) #\(run.number)"
    state = run.state.badge.html
    let done = content.steps.count { $0.state.isDone }
    let cached = content.steps.count { $0.state == .cached }
    summary = "\(done) of \(counted(content.steps.count, "step")) done" + (cached > 0 ? ", \(cached) reused" : "")
    isUnderWay = !run.state.isOver
    failure = run.failure.map { ErrorPage($0.error, status: 0) }
    failedStep = run.failure?.step.map { StepLink(step: $0, anchor: "#step-\($0)") }
    graph = Self.graph(content).svg
    facts = Self.facts(run).html
    params =
      Table(
        "Parameters", columns: [.init("Name"), .init("Value")],
        rows: run.params.sorted { $0.key < $1.key }.map { Table.Row([.code($0.key), .text(shortText($0.value))]) },
        empty: "None."
      ).html
    steps = content.steps.map { StepCard($0, log: content.logs[$0.name]) }
  }

  private static func graph(_ content: Content) -> GraphDrawing {
    let names = Set(content.steps.map(\.name))
    return GraphDrawing(
      title: "Steps of the run",
      nodes: content.steps.map { step in
        GraphDrawing.Node(
          id: step.name, label: step.name, detail: "\(step.kind.rawValue) · \(step.state.badge.text)",
          link: "#step-\(step.name)",
          tone: step.state.badge.tone.rawValue)
      },
      edges: content.steps.flatMap { step in step.needs.filter(names.contains).map { (from: $0, to: step.name) } })
  }

  private static func facts(_ run: PipelineRun) -> Facts {
    var facts = Facts()
    facts.add("Run", code: run.id.text)
    facts.add("Project", "\(run.project), version \(run.version)")
    facts.add("Set off by", run.trigger)
    facts.add("Why", run.reason)
    facts.add("Only", run.targets.joined(separator: ", "))
    facts.add("By", run.author.name)
    facts.add("Event time", time: run.eventTime)
    facts.add("Started", time: run.startedAt)
    facts.add("Ended", time: run.finishedAt)
    facts.add("Took", run.took.map(readable))
    return facts
  }

  static func load(_ platform: Platform, _ request: PageRequest, log: StepLogReader?) async throws -> Page {
    let run = try await platform.pipelineRuns.run(try request.identifier("id"))
    var content = Content(run: run, steps: try await platform.pipelineRuns.steps(of: run.id))
    for step in content.steps where step.attempt > 0 {
      content.logs[step.name] = try await log?.tail(of: step.name, in: run.id)
    }
    return Page(
      title: "\(run.project) #\(run.number)", section: .pipelines,
      crumbs: [Link(label: "Pipelines", link: "/pipelines")],
      template: "pipeline-run", model: PipelineRunPage(content), refreshSeconds: run.state.isOver ? nil : 1,
      apiLink: "/api/v1/pipeline-runs/\(run.id)", command: "martlet run --follow \(run.id)")
  }
}

extension StepRecord.State {
  var badge: Badge {
    switch self {
    case .pending: Badge("waiting")
    case .running: Badge("running", .live)
    case .succeeded: Badge("done", .good)
    case .cached: Badge("reused", .good)
    case .failed: Badge("failed", .bad)
    case .skipped: Badge("skipped", .warn)
    case .cancelled: Badge("cancelled", .warn)
    }
  }
}

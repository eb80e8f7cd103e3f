import MartletCore
import MartletPipelines

/// One step of a pipeline run.
struct StepCard {
  var name: String
  var anchor: String
  var kind: String
  var state: String
  var message: String?
  var progress: Int?
  var facts: String
  var failure: ErrorPage?
  var outputs: String?
  var log: String?
  /// Open while there is something to watch or to mend.
  var isLogOpen: Bool

  init(_ step: StepRecord, log: String?) {
    name = step.name
    anchor = "step-\(step.name)"
    kind = step.kind.rawValue
    state = step.state.badge.html
    message = step.message
    progress = step.state == .running ? step.fraction.map { Int(($0 * 100).rounded()) } : nil
    facts = Self.facts(step).flowing
    failure = step.failure.map { ErrorPage($0.error, status: 0) }
    outputs = step.outputs.isEmpty ? nil : Self.outputs(step).html
    self.log = log
    isLogOpen = step.state == .running || step.state == .failed
  }

  private static func facts(_ step: StepRecord) -> Facts {
    var facts = Facts()
    facts.add("Why", step.reason)
    facts.add("Needs", step.needs.joined(separator: ", "))
    if let start = step.startedAt {
      facts.add("Started", time: start)
      facts.add("Took", step.finishedAt.map { readable($0 - start) })
    }
    if step.attempt > 1 { facts.add("Attempt", String(step.attempt)) }
    facts.add("Cache key", code: step.cacheKey.map { String($0.prefix(12)) })
    return facts
  }

  private static func outputs(_ step: StepRecord) -> Table {
    Table(
      "Outputs of \(step.name)", columns: [.init("Output"), .init("What"), .number("Size"), .init("SHA-256")],
      rows: step.outputs.sorted { $0.key < $1.key }.map { name, output in
        Table.Row([
          .code(name), what(name, output), Cell(html: output.size.map { escaped(readableSize($0)) } ?? "–"),
          .code(output.digest?.short),
        ])
      })
  }

  /// What an output is, with a link where it has a page.
  private static func what(_ name: String, _ output: StepOutput) -> Cell {
    if let model = output.value?["model"]?.string, let version = output.value?["version"]?.integer {
      let id = ModelVersionID(model: ModelName(model), version: Int(version))
      return .text(id.description, link: ObjectLink.model(id))
    }
    if name == "run", let run = output.value?.string { return .text("run \(run.prefix(8))", link: "/runs/\(run)") }
    if name == "metrics", let metrics = output.value?.object {
      let shown = metricOrder(metrics.keys).prefix(4).compactMap { key in
        metrics[key]?.double.map { "\(metricName(key)) \(metricValue(key, $0))" }
      }
      return .text(shown.joined(separator: ", "))
    }
    // A value with parts is told by the parts that are plain; the whole is at the API.
    return .text(output.fileName ?? (output.digest == nil ? output.value.flatMap(words) : nil))
  }
}

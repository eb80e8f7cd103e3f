import MartletCore
import MartletPipelines

/// Pipeline runs and their steps as the native API shows them.
enum PipelineRunJSON {
  static func summary(_ run: PipelineRun) -> JSON { .object(members(run)) }

  static func full(_ run: PipelineRun, steps: [StepRecord]) -> JSON {
    var json = members(run)
    json["params"] = .object(run.params)
    json["steps"] = .array(steps.map(step))
    return .object(json)
  }

  private static func members(_ run: PipelineRun) -> [String: JSON] {
    var json: [String: JSON] = [
      "id": .string(run.id.text), "project": .string(run.project.text), "number": .integer(Int64(run.number)),
      "version": .integer(Int64(run.version)), "state": .string(run.state.rawValue), "trigger": .string(run.trigger),
      "author": .string(run.author.name), "event_time": .string(run.eventTime.description),
      "created": .string(run.createdAt.description),
    ]
    json["reason"] = run.reason.map(JSON.string)
    json["started"] = run.startedAt.map { .string($0.description) }
    json["finished"] = run.finishedAt.map { .string($0.description) }
    json["seconds"] = seconds(run.startedAt, run.finishedAt)
    if let failure = run.failure {
      json["code"] = .string(failure.code.rawValue)
      json["message"] = .string(failure.message)
      json["cause"] = failure.cause.map(JSON.string)
      json["fix"] = failure.fix.map(JSON.string)
      json["failed_step"] = failure.step.map(JSON.string)
    }
    return json
  }

  static func step(_ step: StepRecord) -> JSON {
    var json: [String: JSON] = [
      "step": .string(step.name), "kind": .string(step.kind.rawValue), "state": .string(step.state.rawValue),
      "needs": .array(step.needs.map(JSON.string)), "attempt": .integer(Int64(step.attempt)),
    ]
    json["reason"] = step.reason.map(JSON.string)
    json["message"] = (step.failure?.message ?? step.message).map(JSON.string)
    json["fraction"] = step.fraction.map(JSON.double)
    json["seconds"] = seconds(step.startedAt, step.finishedAt)
    json["started"] = step.startedAt.map { .string($0.description) }
    json["finished"] = step.finishedAt.map { .string($0.description) }
    return .object(json)
  }

  private static func seconds(_ from: Timestamp?, _ to: Timestamp?) -> JSON? {
    guard let from, let to else { return nil }
    return .double((to - from).inSeconds)
  }
}

/// The steps of a run, each time one of them changed, until the run is over.
struct RunEvents: AsyncSequence, Sendable {
  typealias Element = APIEvent
  typealias Failure = any Error
  let run: PipelineRunID
  let runs: PipelineRunStore

  struct AsyncIterator: AsyncIteratorProtocol {
    let run: PipelineRunID
    let runs: PipelineRunStore
    private var waiting: [APIEvent] = []
    private var last: [String: JSON] = [:]
    private var isOver = false
    private var quiet = 0

    init(run: PipelineRunID, runs: PipelineRunStore) {
      self.run = run
      self.runs = runs
    }

    mutating func next() async throws -> APIEvent? {
      while waiting.isEmpty {
        if isOver { return nil }
        try await look()
        if waiting.isEmpty { try await Task.sleep(for: .milliseconds(150)) }
      }
      return waiting.removeFirst()
    }

    /// The run first: what its steps say is then at least as new.
    private mutating func look() async throws {
      let current = try await runs.run(run)
      for record in try await runs.steps(of: run) {
        let json = PipelineRunJSON.step(record)
        if last.updateValue(json, forKey: record.name) != json { waiting.append(APIEvent("step", json)) }
      }
      quiet = waiting.isEmpty ? quiet + 1 : 0
      if current.state.isOver {
        waiting.append(APIEvent("end", PipelineRunJSON.summary(current)))
        isOver = true
      } else if quiet > 60 {
        waiting.append(.keepAlive)
        quiet = 0
      }
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(run: run, runs: runs) }
}

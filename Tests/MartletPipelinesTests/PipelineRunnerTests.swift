import Foundation
import MartletArtifacts
import MartletCore
import MartletStore
import MartletTesting
import Synchronization
import Testing

@testable import MartletPipelines

@Suite("The pipeline runner") struct PipelineRunnerTests {
  @Test(
    "Steps run once, and are taken from the cache until something they depend on changes", arguments: TestDatabase.kinds
  )
  func cache(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      try await harness.put(smallProject, files: smallFiles)
      let data = Mutex("v1")
      let facts: StepFacts = { node, _, _ in
        Dictionary(uniqueKeysWithValues: node.datasets.map { ("data.\($0)", data.withLock { $0 }) })
      }
      let runner = harness.runner(facts: facts)
      let first = try await runner.run("tiny")
      #expect(first.state == .succeeded)
      #expect(first.number == 1)
      #expect(harness.called() == ["check", "fit", "gate.quality", "other", "register", "table"])

      let again = try await runner.run("tiny")
      #expect(again.state == .succeeded)
      #expect(harness.called() == ["gate.quality"], "a gate is judged each time, everything else is reused")
      #expect(try await harness.states(again)["fit"] == .cached)

      let plan = try await runner.plan(PipelineRunRequest(project: "tiny", params: ["days": "4"], author: ada))
      let actions = Dictionary(uniqueKeysWithValues: plan.steps.map { ($0.name, $0) })
      #expect(actions["table"]?.action == .run)
      #expect(actions["table"]?.reason == "changed: params.days 3 → 4")
      #expect(actions["other"]?.action == .cached)
      #expect(actions["fit"]?.action == .depends)
      #expect(actions["fit"]?.reason == "reads what table makes")
      #expect(actions["gate.quality"]?.action == .run)

      _ = try await runner.run("tiny", params: ["days": "4"])
      #expect(harness.called() == ["check", "fit", "gate.quality", "register", "table"])

      data.withLock { $0 = "v2" }
      _ = try await runner.run("tiny")
      #expect(harness.called() == ["check", "fit", "gate.quality", "register", "table"])

      _ = try await runner.run("tiny", ignoresCache: true)
      #expect(harness.called().count == 6)
    }
  }

  @Test("A cached output whose blob is gone is made again", arguments: TestDatabase.kinds)
  func lostBlob(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      try await harness.put("martlet: 1\nproject: tiny\nsteps: {a: {sql: \"select 1\"}}")
      let runner = harness.runner()
      let first = try await runner.run("tiny")
      let digest = try #require(try await harness.runs.steps(of: first.id)[0].outputs["table"]?.digest)
      try FileManager.default.removeItem(atPath: try await harness.artifacts.path(of: digest))
      let plan = try await runner.plan(PipelineRunRequest(project: "tiny", author: ada))
      #expect(plan.steps.map(\.reason) == ["its earlier outputs are gone"])
      #expect(try await harness.states(try await runner.run("tiny"))["a"] == .succeeded)
    }
  }

  @Test(
    "A failed step stops what needs it, not what does not, and its error stands on the run",
    arguments: TestDatabase.kinds)
  func failure(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      try await harness.put(smallProject, files: smallFiles)
      let runner = harness.runner(bodies: [
        .train: { _, context in
          context.log("about to fail")
          throw MartletError(
            .checkFailed, "the label has one value", cause: "all rows are on time", fix: "train on more days")
        }
      ])
      let run = try await runner.run("tiny")
      #expect(run.state == .failed)
      #expect(run.failure?.step == "fit")
      #expect(run.failure?.error.message == "the step 'fit' failed: the label has one value")
      #expect(run.failure?.fix == "train on more days")
      let states = try await harness.states(run)
      #expect(
        states == [
          "table": .succeeded, "other": .succeeded, "fit": .failed, "check": .skipped, "gate.quality": .skipped,
          "register": .skipped,
        ])
      let log = try await runner.log(run.id, step: "fit").text
      #expect(log.contains("about to fail"))
      #expect(log.contains("failed: the label has one value; cause: all rows are on time; fix: train on more days"))
      #expect(Set(try await harness.ledger("pipeline:\(run.id)")) == ["pipeline.started", "pipeline.failed"])
      #expect(harness.finished.withLock { $0 } == [.failed])
    }
  }

  @Test("A body that forgets an output fails the step") func missingOutput() async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      try await harness.put("martlet: 1\nproject: tiny\nsteps: {a: {sql: \"select 1\"}}")
      let run = try await harness.runner(bodies: [.sql: { _, _ in StepResult() }]).run("tiny")
      #expect(run.failure?.message == "the step 'a' ended without its output 'table'")
    }
  }

  static let retried = """
    martlet: 1
    project: tiny
    steps:
      a: {sql: "select 1", retry: {max: 3, when: [exit], backoff: 10s}}
    """

  @Test("A failed attempt is repeated after a pause that doubles", arguments: TestDatabase.kinds)
  func retry(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      try await harness.put(Self.retried)
      let runner = harness.runner(bodies: [
        .sql: { step, context in
          if context.attempt < 3 { throw MartletError(.internalError, "flaky") }
          return try await harness.perform(step, context)
        }
      ])
      let run = try await runner.run("tiny")
      #expect(run.state == .succeeded)
      #expect(try await harness.runs.steps(of: run.id)[0].attempt == 3)
      #expect(harness.pauses.withLock { $0 } == [.seconds(10), .seconds(20)])
    }
  }

  @Test("Attempts end with the last one, and its error counts") func retriesEnd() async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      try await harness.put(Self.retried)
      let runner = harness.runner(bodies: [
        .sql: { _, context in throw MartletError(.internalError, "broken \(context.attempt)") }
      ])
      let run = try await runner.run("tiny")
      #expect(run.failure?.message == "broken 4")
      #expect(harness.pauses.withLock { $0 }.count == 3)
    }
  }

  @Test(
    "What another attempt cannot mend is not repeated",
    arguments: [MartletError.Code.invalidInput, .notFound, .timedOut])
  func notRetried(code: MartletError.Code) async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      try await harness.put(Self.retried)
      let run = try await harness.runner(bodies: [.sql: { _, _ in throw MartletError(code, "no") }]).run("tiny")
      #expect(run.state == .failed)
      #expect(harness.pauses.withLock { $0 }.isEmpty)
    }
  }

  @Test("A step that takes too long is stopped and says so") func timeLimit() async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      try await harness.put("martlet: 1\nproject: tiny\nsteps: {a: {sql: \"select 1\", resources: {time: 20m}}}")
      let stopped = Mutex(false)
      let runner = harness.runner(bodies: [
        .sql: { _, _ in
          do { try await PipelineHarness.forever() } catch { stopped.withLock { $0 = true } }
          return StepResult()
        }
      ])
      let run = try await runner.run("tiny")
      #expect(run.failure?.code == .timedOut)
      #expect(run.failure?.message == "the step 'a' did not end within 20m")
      #expect(stopped.withLock { $0 })
      #expect(harness.pauses.withLock { $0 } == [.seconds(1200)])
    }
  }

  @Test("A cancelled run stops its steps and is recorded as cancelled", arguments: TestDatabase.kinds)
  func cancel(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      try await harness.put(smallProject, files: smallFiles)
      let (reached, signal) = AsyncStream<Void>.makeStream()
      let runner = harness.runner(bodies: [
        .train: { _, _ in
          signal.yield()
          try await PipelineHarness.forever()
          return StepResult()
        }
      ])
      let started = try #require(try await runner.start(PipelineRunRequest(project: "tiny", author: ada)).run)
      for await _ in reached { break }
      let run = try await runner.cancel(started.id)
      #expect(run.state == .cancelled)
      let states = try await harness.states(run)
      #expect(states["fit"] == .cancelled)
      #expect(states["register"] == .cancelled)
      #expect(states["table"] == .succeeded)
      await #expect(throws: MartletError.self) { try await runner.cancel(started.id) }
    }
  }

  @Test(
    "A run that was under way when the server died goes on: done steps are kept, the rest starts again",
    arguments: TestDatabase.kinds)
  func resume(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      try await harness.put(smallProject, files: smallFiles)
      let (reached, signal) = AsyncStream<Void>.makeStream()
      let dying = harness.runner(bodies: [
        .train: { _, _ in
          signal.yield()
          try await PipelineHarness.forever()
          return StepResult()
        }
      ])
      let started = try #require(try await dying.start(PipelineRunRequest(project: "tiny", author: ada)).run)
      for await _ in reached { break }
      // What does not need the training is done by the time it is reached, or at the latest when the server stops.
      await dying.suspend()
      #expect(try await harness.runs.run(started.id).state == .running)
      #expect(try await harness.states(started)["fit"] == .running)
      let before = harness.called()

      let next = harness.runner()
      #expect(try await next.resume().map(\.id) == [started.id])
      let run = try await next.wait(started.id)
      #expect(run.state == .succeeded)
      let after = harness.called()
      #expect(before.contains("table"))
      #expect(!after.contains("table"))
      #expect(after.contains("fit"))
      #expect(try await next.log(run.id, step: "fit").text.contains("interrupted"))
    }
  }

  @Test("Only so many steps work at once", arguments: [1, 2])
  func slots(count: Int) async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      let steps = (1...8).map { "  s\($0): {sql: \"select \($0)\"}" }.joined(separator: "\n")
      try await harness.put("martlet: 1\nproject: tiny\nsteps:\n\(steps)")
      let working = Mutex((now: 0, most: 0))
      let runner = harness.runner(
        bodies: [
          .sql: { step, context in
            working.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            for _ in 0..<20 { await Task.yield() }
            working.withLock { $0.now -= 1 }
            return try await harness.perform(step, context)
          }
        ], slots: count)
      #expect(try await runner.run("tiny").state == .succeeded)
      #expect(working.withLock { $0.most } <= count)
      #expect(harness.called().count == 8)
    }
  }

  @Test("Only steps that are asked for run, with what they need") func targets() async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      try await harness.put(smallProject, files: smallFiles)
      let runner = harness.runner()
      let run = try #require(
        try await runner.start(PipelineRunRequest(project: "tiny", targets: ["fit"], author: ada)).run)
      #expect(try await runner.wait(run.id).state == .succeeded)
      #expect(harness.called() == ["fit", "table"])
      let error = await #expect(throws: MartletError.self) {
        try await runner.start(PipelineRunRequest(project: "tiny", targets: ["fti"], author: ada))
      }
      #expect(error?.message == "there is no step 'fti': did you mean 'fit'?")
    }
  }

  @Test(
    "A run that may not start waits; a newer one takes its place; the last one starts when it can",
    arguments: TestDatabase.kinds)
  func queue(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      try await harness.put("martlet: 1\nproject: tiny\nsteps: {a: {sql: \"select 1\"}}")
      let (gate, open) = AsyncStream<Void>.makeStream()
      let (reached, signal) = AsyncStream<Void>.makeStream()
      let runner = harness.runner(bodies: [
        .sql: { step, context in
          signal.yield()
          for await _ in gate { break }
          return try await harness.perform(step, context)
        }
      ])
      func ask(_ trigger: String) async throws -> PipelineRunAdmission {
        try await runner.start(PipelineRunRequest(project: "tiny", trigger: trigger, author: .martlet))
      }
      guard case .started(let first) = try await ask("data:flights") else {
        throw MartletError.notFound("the first run")
      }
      for await _ in reached { break }
      guard case .queued(let second, let reason) = try await ask("data:flights") else {
        throw MartletError.notFound("the second")
      }
      #expect(reason == "1 of 1 runs are under way")
      guard case .queued(let third, _) = try await ask("monitor:tiny") else { throw MartletError.notFound("the third") }
      #expect(try await harness.runs.run(second.id).state == .cancelled)
      #expect(try await harness.runs.run(second.id).reason == "a newer run took its place in the queue")
      open.finish()
      #expect(try await runner.wait(first.id).state == .succeeded)
      #expect(try await runner.wait(third.id).state == .succeeded)
      #expect(try await harness.runs.runs("tiny").items.map(\.number) == [3, 2, 1])
    }
  }

  @Test("Within the cool-down, in event time, a trigger's run is dropped", arguments: TestDatabase.kinds)
  func cooldown(kind: TestDatabase.Kind) async throws {
    try await PipelineHarness.with(kind) { harness in
      try await harness.put("martlet: 1\nproject: tiny\nlimits: {cooldown: 28d}\nsteps: {a: {sql: \"select 1\"}}")
      let runner = harness.runner()
      func ask() async throws -> PipelineRunAdmission {
        try await runner.start(PipelineRunRequest(project: "tiny", trigger: "monitor:tiny", author: .martlet))
      }
      try await harness.clock.advance("tiny", to: june)
      let first = try #require(try await ask().run)
      #expect(first.eventTime == june)
      _ = try await runner.wait(first.id)
      try await harness.clock.advance("tiny", to: june + .seconds(27 * 86_400))
      #expect(try await ask() == .dropped(reason: "cool-down until 2013-06-29T00:00:00.000Z"))
      try await harness.clock.advance("tiny", to: june + .seconds(28 * 86_400))
      let second = try #require(try await ask().run)
      #expect(try await runner.wait(second.id).state == .succeeded)
    }
  }

  @Test("What is not there yet is refused before anything starts") func notYet() async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      try await harness.put("martlet: 1\nproject: tiny\nsteps: {a: {sql: \"select 1\", executor: ray}}")
      let error = await #expect(throws: MartletError.self) { try await harness.runner().run("tiny") }
      #expect(error?.message == "martlet.yaml:3:30: the executor 'ray' is not there yet")
      let stored = try await harness.runs.runs("tiny").items
      #expect(stored.isEmpty)
    }
  }

  @Test("Parameters keep the type that the file gives them") func parameters() throws {
    var file = ProjectFile(project: "p")
    file.params = ["days": 3, "rate": 0.5, "label": "late", "dry": false]
    #expect(
      try file.parameters(overriddenBy: ["days": "7", "rate": "1", "label": "x", "dry": "true"])
        == ["days": 7, "rate": 1.0, "label": "x", "dry": true])
    for (name, value) in [("days", "seven"), ("days", "1.5"), ("rate", "fast"), ("dry", "yes"), ("dayz", "1")] {
      #expect(throws: MartletError.self) { try file.parameters(overriddenBy: [name: .string(value)]) }
    }
  }
}

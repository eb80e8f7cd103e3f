import Foundation
import MartletCore
import MartletLedger
import MartletPipelines
import MartletTesting
import Testing

@testable import MartletLifecycle

private func project(_ limits: String = "", cron: String = "0 4 * * *") -> String {
  """
  martlet: 1
  project: tiny
  steps: {a: {run: "true"}}
  triggers: [{cron: "\(cron)"}]
  \(limits)
  """
}

@Suite("Schedules") struct ScheduleTests {
  /// What a server does that starts, looks once, and waits until nothing runs any more.
  private func serve(_ harness: LoopHarness, at time: String) async throws -> [String] {
    harness.time.now = try #require(Timestamp(time))
    let loop = harness.commands()
    let progress = try await loop.clock.advance("tiny", to: harness.time.now, waits: false)
    await loop.runner.waitUntilIdle()
    return progress.events
  }

  private func runs(_ harness: LoopHarness) async throws -> [PipelineRun] {
    try await harness.platform.pipelineRuns.runs("tiny").items.sorted { $0.number < $1.number }
  }

  @Test("A schedule fires once at its time, and tells the ledger nothing special", arguments: TestDatabase.kinds)
  func onTime(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      try await harness.put(project())
      #expect(try await serve(harness, at: "2013-06-01T03:00:00Z").isEmpty)
      #expect(try await serve(harness, at: "2013-06-01T03:59:59Z").isEmpty)
      let events = try await serve(harness, at: "2013-06-01T04:00:01Z")
      #expect(events == ["pipeline run 1 started by cron:0 4 * * *: scheduled for 2013-06-01T04:00:00.000Z"])
      #expect(try await serve(harness, at: "2013-06-01T04:00:02Z").isEmpty)
      #expect(try await runs(harness).map(\.state) == [.succeeded])
      #expect(try await harness.entries("schedule.*").isEmpty)
    }
  }

  @Test("A firing that a server slept through is made up for by the next one, and the ledger says so")
  func missedOne() async throws {
    try await LoopHarness.with { harness in
      try await harness.put(project())
      #expect(try await serve(harness, at: "2013-06-01T03:00:00Z").isEmpty)
      _ = try await serve(harness, at: "2013-06-01T09:30:00Z")
      let run = try #require(try await runs(harness).first)
      #expect(run.reason == "scheduled for 2013-06-01T04:00:00.000Z, late: nobody was there to start it")
      let entry = try #require(try await harness.entries("schedule.*").first)
      #expect(entry.entry.action == "schedule.caught_up" && entry.entry.object == "trigger:tiny/cron:0 4 * * *")
      #expect(entry.entry.after?["pipeline_run"]?.string == run.id.text && entry.entry.after?["firings"] == 1)
      #expect(try await serve(harness, at: "2013-06-01T09:30:01Z").isEmpty)
    }
  }

  @Test("Of several missed firings the latest gets the one run", arguments: TestDatabase.kinds)
  func missedSeveral(kind: TestDatabase.Kind) async throws {
    try await LoopHarness.with(kind) { harness in
      try await harness.put(project())
      #expect(try await serve(harness, at: "2013-06-01T03:00:00Z").isEmpty)
      _ = try await serve(harness, at: "2013-06-04T09:30:00Z")
      let all = try await runs(harness)
      #expect(all.count == 1)
      #expect(
        all.first?.reason
          == "scheduled for 2013-06-04T04:00:00.000Z, late: nobody was there to start it; "
          + "3 earlier firings since 2013-06-01T04:00:00.000Z were missed and get no run")
      let entries = try await harness.entries("schedule.*")
      #expect(entries.map(\.entry.action) == ["schedule.caught_up"])
      #expect(entries.first?.entry.after?["firings"] == 4)
      #expect(entries.first?.entry.after?["due"] == "2013-06-04T04:00:00.000Z")
      #expect(try await serve(harness, at: "2013-06-05T04:00:00Z").count == 1, "the next one is on time again")
      #expect(try await harness.entries("schedule.*").count == 1)
    }
  }

  @Test("More missed firings than anybody counts still get one run, the latest")
  func missedMany() async throws {
    try await LoopHarness.with { harness in
      try await harness.put(project(cron: "* * * * *"))
      #expect(try await serve(harness, at: "2013-06-01T00:00:30Z").isEmpty)
      _ = try await serve(harness, at: "2013-06-11T00:00:10Z")
      #expect(try await serve(harness, at: "2013-06-11T00:00:20Z").isEmpty)
      let all = try await runs(harness)
      #expect(all.count == 1)
      #expect(
        all.first?.reason?.hasPrefix("scheduled for 2013-06-11T00:00:00.000Z; 999 or more earlier firings") == true)
    }
  }

  @Test("A run that was started just before the server died is not started twice")
  func died() async throws {
    try await LoopHarness.with { harness in
      try await harness.put(project())
      #expect(try await serve(harness, at: "2013-06-01T03:00:00Z").isEmpty)
      harness.time.now = try #require(Timestamp("2013-06-01T04:00:01Z"))
      let loop = harness.commands()
      _ = try await loop.runner.start(
        PipelineRunRequest(project: "tiny", trigger: "cron:0 4 * * *", reason: "scheduled", author: .martlet))
      await loop.runner.waitUntilIdle()
      _ = try await serve(harness, at: "2013-06-01T04:00:05Z")
      #expect(try await runs(harness).count == 1)
    }
  }

  @Test("A firing that the limits do not allow starts nothing, and the ledger says why")
  func skipped() async throws {
    try await LoopHarness.with { harness in
      try await harness.put(project("limits: {cooldown: 30h}"))
      for time in ["2013-06-01T03:00:00Z", "2013-06-01T04:00:01Z", "2013-06-02T04:00:01Z", "2013-06-02T05:00:00Z"] {
        _ = try await serve(harness, at: time)
      }
      #expect(try await runs(harness).count == 1)
      let entries = try await harness.entries("schedule.*")
      #expect(entries.map(\.entry.action) == ["schedule.skipped"])
      #expect(
        entries.first?.entry.reason?.hasSuffix("no run was started: cool-down until 2013-06-02T10:00:01.000Z") == true)
    }
  }

  @Test("A new schedule, and a project that a replay takes over, make up for nothing of before")
  func noPast() async throws {
    try await LoopHarness.with { harness in
      try await harness.put(project())
      #expect(try await serve(harness, at: "2013-06-09T12:00:00Z").isEmpty, "the first look")
      let clock = harness.commands().clock
      let past = Timestamp(year: 2012, month: 1, day: 1)
      #expect(try await clock.advance("tiny", to: past, waits: true).events.isEmpty)
      #expect(try await clock.advance("tiny", to: past + .seconds(5 * 3600), waits: true).events.count == 1)
      #expect(try await clock.advance("tiny", to: past + .seconds(6 * 3600), waits: true).events.isEmpty)
      try await harness.platform.eventTimes.release("tiny", by: ada)
      #expect(try await serve(harness, at: "2013-06-09T12:00:01Z").isEmpty)
      #expect(try await serve(harness, at: "2013-06-10T04:00:01Z").count == 1)
    }
  }

  @Test("Firings that come due while a run is under way wait; only the latest of them gets a run")
  func overlap() async throws {
    try await LoopHarness.with { harness in
      let go = try TemporaryFolder.make() + "/go"
      try await harness.put(
        """
        martlet: 1
        project: tiny
        steps: {a: {run: "while [ ! -e \(go) ]; do sleep 0.02; done"}}
        triggers: [{cron: "0 * * * *"}]
        """)
      let loop = harness.commands()
      for hour in 3...6 {
        harness.time.now = june + .seconds(hour * 3600 + 1)
        _ = try await loop.clock.advance("tiny", to: harness.time.now, waits: false)
      }
      #expect(try await runs(harness).map(\.state) == [.running, .cancelled, .queued])
      #expect(FileManager.default.createFile(atPath: go, contents: nil))
      await loop.runner.waitUntilIdle()
      let all = try await runs(harness)
      #expect(all.map(\.state) == [.succeeded, .cancelled, .succeeded])
      #expect(all[1].reason == "a newer run took its place in the queue")
      #expect(all[2].reason == "scheduled for 2013-06-01T06:00:00.000Z")
    }
  }
}

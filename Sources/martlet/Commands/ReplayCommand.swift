import ArgumentParser
import Foundation
import MartletCore
import MartletReplay
import Synchronization

struct ReplayCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Play history: data, requests and outcomes in the order of their time.",
    discussion: """
      EXAMPLE
        martlet replay replay.yaml
        martlet replay replay.yaml --until 2013-07-01 -o json

      It drives the project's clock, one tick for each step, and goes on where that clock stands: stop it and run it
      again. A request that fails is counted and not repeated.
      """)

  @Argument(help: "What to play; its paths are relative to it.", completion: .file()) var file: String
  @Option(help: "Stop here, before the file's own end: a day or a time.") var until: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let plan = try Self.plan(file)
    let end = try until.map(Self.time)
    let folder = URL(fileURLWithPath: file).standardizedFileURL.deletingLastPathComponent().path
    let server = ReplaySession(client: session.client, project: plan.project)
    let begin = ContinuousClock.now
    let report = ReplayReport(session.output, plan: plan, end: end ?? plan.to)
    let tally = try await Replay(plan: plan, folder: folder, server: server).run(until: end) { report.show($0) }
    report.clear()
    let summary = tally.json(
      plan, until: min(end ?? plan.to, plan.to), seconds: (ContinuousClock.now - begin).inSeconds)
    session.output.item(summary, Self.columns, link: session.page("/"))
  }

  private static let columns: [Column] = [
    .init("project", "project"), .init("until", "until"), .init("steps", "steps"), .init("requests", "requests"),
    .init("failures", "failures"), .init("p50 ms", "latency_ms.p50"), .init("p99 ms", "latency_ms.p99"),
    .init("requests/s", "requests_per_second"), .init("outcomes", "outcomes"), .init("rows", "rows"),
    .init("partitions", "partitions"), .init("held back", "quarantined"), .init("seconds", "seconds"),
  ]

  private static func plan(_ file: String) throws -> ReplayPlan {
    guard let data = FileManager.default.contents(atPath: file), let text = String(validating: data, as: UTF8.self)
    else {
      throw MartletError(.notFound, "the replay file '\(file)' cannot be read", fix: "name one: martlet replay FILE")
    }
    return try ReplayPlan.parse(text)
  }

  private static func time(_ text: String) throws -> Timestamp {
    guard let time = Timestamp(text) else {
      throw UsageError("'\(text.prefix(40))' is not a time", fix: "write 2013-07-01 or 2013-07-01T06:00")
    }
    return time
  }
}

/// How far a replay is, in one line on a terminal; elsewhere a line every few seconds.
private final class ReplayReport: Sendable {
  private let output: Output
  private let plan: ReplayPlan
  private let end: Timestamp
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let shown = Mutex<ContinuousClock.Instant>(.now)

  init(_ output: Output, plan: ReplayPlan, end: Timestamp) {
    self.output = output
    self.plan = plan
    self.end = end
  }

  func show(_ progress: Replay.Progress) {
    switch progress {
    case .event(let time, let event): ProgressLine(output).line("\(time.day)  \(event)")
    case .reached(let time, let tally):
      let isDue = shown.withLock { last in
        guard .now - last > (isTerminal ? .milliseconds(100) : .seconds(2)) else { return false }
        last = .now
        return true
      }
      if isDue { write(line(time, tally)) }
    }
  }

  func clear() { ProgressLine(output).clear() }

  private func write(_ line: String) {
    if isTerminal { ProgressLine(output).show(line) } else { output.note(line) }
  }

  private func line(_ time: Timestamp, _ tally: ReplayTally) -> String {
    let share = Int(100 * (time - plan.from).inSeconds / max((end - plan.from).inSeconds, 1))
    let p99 = tally.latencyMilliseconds(at: 0.99).map { String(format: ", p99 %.1f ms", $0) } ?? ""
    return "\(time.description.prefix(16).replacing("T", with: " "))  \(share) %  \(tally.requests) requests, "
      + "\(tally.failures) failed\(p99), \(tally.outcomes) outcomes"
  }
}

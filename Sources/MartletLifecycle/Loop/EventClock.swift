package import MartletCore
import MartletModels
import MartletMonitoring
import MartletPipelines
import MartletServing

/// Advances a project's time and does, in order, whatever falls due on the way: canary rungs, windows at their end,
/// windows again when their outcomes are in, scheduled runs.
package actor EventClock {
  private let platform: Platform
  private let training: ContinuousTraining
  /// Advances of one project take turns.
  private var turns: [ProjectName: Task<Void, Never>] = [:]
  /// When projects that follow the wall clock were last looked at.
  private var lastTick: [ProjectName: Timestamp] = [:]

  package init(platform: Platform, training: ContinuousTraining) {
    self.platform = platform
    self.training = training
  }

  /// What an advance came to.
  package struct Progress: Sendable, Hashable, Codable {
    package var now: Timestamp
    /// In words, in the order in which they happened.
    package var events: [String]
  }

  /// Brings the project to an instant; an earlier one than it has reached changes nothing.
  ///
  /// - Parameter waits: the project's time is driven from outside, and pipeline runs that are set off are waited for,
  ///   so that a replay gives the same numbers twice. Otherwise `time` is the wall clock's and nothing waits.
  package func advance(_ project: ProjectName, to time: Timestamp, waits: Bool) async throws -> Progress {
    let before = turns[project]
    let task = Task { () -> Result<Progress, any Error> in
      await before?.value
      do { return .success(try await self.advanceNow(project, to: time, waits: waits)) } catch {
        return .failure(error)
      }
    }
    turns[project] = Task { _ = await task.value }
    return try await task.value.get()
  }

  private func advanceNow(_ project: ProjectName, to time: Timestamp, waits: Bool) async throws -> Progress {
    if waits { try await training.waitForRuns(of: project) }
    let from = try await reach(time, of: project, driving: waits)
    guard try await platform.projects.project(project).activeVersion != nil else {
      return Progress(now: time, events: [])
    }
    let version = try await platform.projects.active(project)
    var events: [String] = []
    for endpoint in version.file.endpoints {
      let release = Release(platform: platform)
      if let change = try await release.advance(EndpointName(endpoint.name), file: version.file, at: time) {
        events.append(
          "\(change.version) on \(change.endpoint): \(change.status.rawValue)\(change.reason.map { ", \($0)" } ?? "")")
      }
    }
    let due = try await dueWindows(version.file, until: time, waits: waits)
    for due in waits ? due[...] : due.prefix(Self.mostAtOnce) {
      let runner = WindowRunner(
        platform: platform, project: project, definition: due.definition,
        decision: .init(version.file.charter))
      let verdict = try await runner.run(from: due.from, to: due.to, phase: due.phase, now: due.at)
      events += verdict.findings.map { "\($0.kind): \($0.reason)" }
      if let started = try await training.consider(verdict, version: version, at: time, waits: waits) {
        events.append(started)
      }
    }
    events += try await training.considerSchedules(version, from: from, to: time, waits: waits)
    return Progress(now: time, events: events)
  }

  /// Moves the project's own time, where it has one or gets one; returns the time before.
  private func reach(_ time: Timestamp, of project: ProjectName, driving: Bool) async throws -> Timestamp? {
    if driving { return try await platform.eventTimes.advance(project, to: time) }
    return lastTick.updateValue(time, forKey: project)
  }

  private struct DueWindow {
    var definition: MonitorDefinition
    var from: Timestamp
    var to: Timestamp
    var phase: MonitorPhase
    /// When it fell due.
    var at: Timestamp
  }

  /// More are a slip in a date, not a replay.
  private static let mostWindows = 100_000
  /// By the wall clock, more wait for the next tick, so that other projects get their turn.
  private static let mostAtOnce = 50

  /// Windows that end, or whose outcomes are in, by an instant, and are not judged yet; the earliest due first.
  private func dueWindows(_ file: ProjectFile, until time: Timestamp, waits: Bool) async throws -> [DueWindow] {
    var due: [DueWindow] = []
    for section in file.monitors {
      let definition = MonitorDefinition(section)
      guard let start = try await firstWindow(definition.endpoint) else { continue }
      for phase in MonitorPhase.allCases {
        let delay: Int64? = phase == .inputs ? 0 : definition.labelDelayMilliseconds
        guard let delay else { continue }
        var from = try await platform.monitors.lastJudged(definition.endpoint, phase) ?? start
        while true {
          let to = from + .milliseconds(definition.windowMilliseconds)
          let at = to + .milliseconds(delay)
          guard at <= time else { break }
          guard due.count < Self.mostWindows else {
            guard waits else { break }
            throw MartletError.invalidInput(
              "more than \(Self.mostWindows) windows of '\(definition.endpoint)' end by \(time)",
              fix: "move the clock on in smaller steps, or give the monitor a longer window")
          }
          due.append(DueWindow(definition: definition, from: from, to: to, phase: phase, at: at))
          from = to
        }
      }
    }
    return due.sorted { ($0.at, $0.phase.rawValue) < ($1.at, $1.phase.rawValue) }
  }

  /// The start of the day on which the endpoint's first version went live.
  private func firstWindow(_ endpoint: EndpointName) async throws -> Timestamp? {
    try await platform.deployments.deployments(of: endpoint, limit: 10_000).last?.startedAt.startOfDay
  }
}

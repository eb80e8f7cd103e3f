package import MartletCore

/// One run of a project's pipeline.
package struct PipelineRun: Sendable, Hashable, Codable {
  package enum State: String, Sendable, Hashable, Codable, CaseIterable {
    /// Waits for another run to end.
    case queued
    case running
    case succeeded
    case failed
    case cancelled

    package var isOver: Bool { self != .queued && self != .running }
  }

  package var id: PipelineRunID
  package var project: ProjectName
  /// 1, 2, 3 … within the project.
  package var number: Int
  /// Number of the project version that runs.
  package var version: Int
  package var state: State
  /// `manual`, or the name of a trigger such as `monitor:flight-delay`.
  package var trigger: String
  /// Why the trigger fired, or why the run was dropped from the queue.
  package var reason: String?
  /// All parameters, with the run's own values.
  package var params: [String: JSON]
  /// Steps that were asked for; empty: all.
  package var targets: [String]
  package var author: Author
  /// The project's time when the run started; `${now}`.
  package var eventTime: Timestamp
  /// Wall-clock times.
  package var createdAt: Timestamp
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp?
  package var failure: RunFailure?

  package static let manual = "manual"
}

/// One step of a run.
package struct StepRecord: Sendable, Hashable, Codable {
  package enum State: String, Sendable, Hashable, Codable, CaseIterable {
    case pending
    case running
    case succeeded
    /// Outputs of an earlier run were used again.
    case cached
    case failed
    /// Something that it needs failed.
    case skipped
    case cancelled

    package var isDone: Bool { self == .succeeded || self == .cached }
    package var isOver: Bool { self != .pending && self != .running }
  }

  package var name: String
  package var kind: StepKind
  package var needs: [String]
  package var state = State.pending
  /// 1 for the first attempt; 0 before it.
  package var attempt = 0
  /// Why it ran, was taken from the cache or was skipped.
  package var reason: String?
  package var cacheKey: String?
  package var outputs: [String: StepOutput] = [:]
  /// Wall-clock times.
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp?
  /// Share of the work that is done, 0 to 1, where the step says so.
  package var fraction: Double?
  /// What it is doing, or what came out, in one line.
  package var message: String?
  package var failure: RunFailure?

  package init(name: String, kind: StepKind, needs: [String]) {
    self.name = name
    self.kind = kind
    self.needs = needs
  }
}

/// What is asked for when a run is started.
package struct PipelineRunRequest: Sendable {
  package var project: ProjectName
  /// Nil: the active version.
  package var version: Int?
  /// Values of parameters for this run, by name.
  package var params: [String: JSON]
  package var targets: [String]
  /// `manual`, or the name of the trigger.
  package var trigger: String
  package var reason: String?
  /// Run every step, whatever the cache holds.
  package var ignoresCache: Bool
  package var author: Author

  package init(
    project: ProjectName, version: Int? = nil, params: [String: JSON] = [:], targets: [String] = [],
    trigger: String = PipelineRun.manual, reason: String? = nil, ignoresCache: Bool = false, author: Author
  ) {
    self.project = project
    self.version = version
    self.params = params
    self.targets = targets
    self.trigger = trigger
    self.reason = reason
    self.ignoresCache = ignoresCache
    self.author = author
  }
}

/// What became of a request.
package enum PipelineRunAdmission: Sendable, Hashable {
  case started(PipelineRun)
  /// It waits for another run to end.
  case queued(PipelineRun, reason: String)
  case dropped(reason: String)

  package var run: PipelineRun? {
    switch self {
    case .started(let run), .queued(let run, _): run
    case .dropped: nil
    }
  }
}

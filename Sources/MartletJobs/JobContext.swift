import MartletCore

/// What a job is given beside its arguments.
package struct JobContext: Sendable {
  /// The folder of the engines, for `EngineFolder`.
  package let engines: String
  /// A folder for this job alone, removed when it ends.
  package let scratch: String
  /// The job's memory limit in MB, so that an engine can keep below it; nil when there is none.
  package let memoryMB: Int?
  private let report: @Sendable (JobProgress) -> Void
  private let cancelled: @Sendable () -> Bool

  package init(
    engines: String, scratch: String, memoryMB: Int? = nil, cancelled: @escaping @Sendable () -> Bool = { false },
    report: @escaping @Sendable (JobProgress) -> Void = { _ in }
  ) {
    self.engines = engines
    self.scratch = scratch
    self.memoryMB = memoryMB
    self.report = report
    self.cancelled = cancelled
  }

  /// Tells the caller how far the job is, 0…1, and what it is doing.
  package func progress(_ fraction: Double?, _ message: String = "") {
    report(JobProgress(fraction: fraction, message: message))
  }

  /// Throws when the caller gave up; long loops ask now and then. (A job in a child process is killed anyway.)
  package func checkCancellation() throws {
    if cancelled() { throw MartletError(.cancelled, "the job was cancelled") }
  }
}

/// How far a job is.
package struct JobProgress: Sendable, Hashable {
  /// 0…1; nil while unknown.
  package var fraction: Double?
  package var message: String

  package init(fraction: Double?, message: String = "") {
    self.fraction = fraction
    self.message = message
  }
}

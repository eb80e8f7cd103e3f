package import MartletArtifacts
package import MartletCore
import MartletLedger
package import MartletStore

/// Experiments, runs and what is logged to them, by MLflow's rules: parameters never change, a repeated point changes
/// nothing, a deleted run takes nothing, and one call applies whole or not at all.
///
/// Creating, ending, deleting and restoring are written to the ledger in the same transaction; points, parameters and
/// tags are not.
package struct ExperimentTracker: Sendable {
  let database: any Database
  let clock: WallClock
  let artifactRoots: [S3Location]

  /// - Parameter artifactRoots: folders of buckets in which experiments may keep artifacts that clients write themselves.
  package init(database: any Database, clock: WallClock = .system, artifactRoots: [S3Location] = []) {
    self.database = database
    self.artifactRoots = artifactRoots
    self.clock = clock
  }

  /// The experiment that runs belong to when they name none; it exists from the start.
  package static let defaultExperiment = ExperimentID("0")

  /// The tag under which MLflow's clients keep a run's name.
  package static let runNameTag = "mlflow.runName"

  static func record(
    _ action: String, _ object: String, before: JSON? = nil, after: JSON? = nil, by author: Author, at now: Timestamp,
    in connection: any SQLConnection
  ) throws {
    try Ledger.append(
      LedgerEntry(action: action, object: object, before: before, after: after, reason: nil), by: author, at: now,
      in: connection)
  }
}

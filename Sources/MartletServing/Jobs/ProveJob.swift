import MartletCore
package import MartletJobs
import MartletModels

/// Loads a model package in a child process and scores its recorded examples: a model that cannot be loaded, or
/// answers otherwise than when it was recorded, never reaches the scoring plane.
package enum ProveJob {
  package static let kind = "serving.prove"

  package struct Arguments: Sendable, Codable {
    /// The package's folder, absolute.
    package var folder: String

    package init(folder: String) { self.folder = folder }
  }

  package struct Result: Sendable, Hashable, Codable {
    /// Examples scored again.
    package var examples: Int
  }

  static let handler = JobHandler(kind) { (arguments: Arguments, _: JobContext) in
    Result(examples: try PackageModel.prove(folder: arguments.folder))
  }

  /// What `Deployments` calls: proves packages of the data directory by `jobs`.
  package static func prover(folder: ScoringFolder, jobs: JobRunner) -> Deployments.Prover {
    { packageFolder in
      let path = try folder.resolve(packageFolder)
      let limits = JobLimits(memoryMB: 2048, wallTime: .seconds(120))
      do {
        let _: Result = try await jobs.run(kind, Arguments(folder: path), limits: limits)
      } catch let error as MartletError where error.code != .cancelled {
        throw MartletError(
          error.code, "the model in '\(packageFolder)' cannot be served: \(error.message)", cause: error.cause,
          fix: error.fix ?? "train and register it again")
      }
    }
  }
}

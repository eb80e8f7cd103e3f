package import MartletJobs

/// The jobs of this module, for the worker to know.
package enum FeatureJobs {
  package static let handlers: [JobHandler] = [RefreshJob.handler, JoinJob.handler]
}

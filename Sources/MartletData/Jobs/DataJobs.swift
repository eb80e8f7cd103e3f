package import MartletJobs

/// The jobs of this module, for the worker to know.
package enum DataJobs {
  package static let handlers: [JobHandler] = [IngestJob.handler, ProfileJob.handler, PreviewJob.handler]
}

package import MartletCore

/// MLflow 3's logged model: a model written by a run, before and besides its registration.
package struct LoggedModel: Sendable, Hashable {
  package enum Status: String, Sendable, Hashable, CaseIterable {
    case pending = "PENDING"
    case ready = "READY"
    case uploadFailed = "UPLOAD_FAILED"
  }

  /// A metric of the model, with the run that measured it.
  package struct Measurement: Sendable, Hashable {
    package var run: RunID
    package var metric: Metric
  }

  package var id: String
  package var experiment: ExperimentID
  package var name: String
  package var modelType: String?
  package var sourceRun: RunID?
  package var status: Status
  package var artifactURI: String
  package var creationTime: Timestamp
  package var lastUpdateTime: Timestamp
  package var params: [KeyValue]
  package var tags: [KeyValue]
  package var metrics: [Measurement]
}

/// A logged model to be created.
package struct NewLoggedModel: Sendable {
  package var experiment: ExperimentID
  package var name: String?
  package var modelType: String?
  package var sourceRun: RunID?
  package var params: [KeyValue]
  package var tags: [KeyValue]

  package init(
    experiment: ExperimentID, name: String? = nil, modelType: String? = nil, sourceRun: RunID? = nil,
    params: [KeyValue] = [], tags: [KeyValue] = []
  ) {
    self.experiment = experiment
    self.name = name
    self.modelType = modelType
    self.sourceRun = sourceRun
    self.params = params
    self.tags = tags
  }
}

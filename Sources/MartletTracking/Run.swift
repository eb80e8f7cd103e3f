package import MartletCore

/// MLflow's run states, by the names it writes.
package enum RunStatus: String, Sendable, Hashable, Codable, CaseIterable {
  case running = "RUNNING"
  case scheduled = "SCHEDULED"
  case finished = "FINISHED"
  case failed = "FAILED"
  case killed = "KILLED"

  package var isOver: Bool { self == .finished || self == .failed || self == .killed }
}

/// Deleting hides a thing and can be undone.
package enum Lifecycle: String, Sendable, Hashable, Codable {
  case active
  case deleted
}

/// Which lifecycles a search looks at.
package enum LifecycleView: String, Sendable, Hashable {
  case active = "ACTIVE_ONLY"
  case deleted = "DELETED_ONLY"
  case all = "ALL"

  var lifecycles: [Lifecycle] {
    switch self {
    case .active: [.active]
    case .deleted: [.deleted]
    case .all: [.active, .deleted]
    }
  }
}

/// One point of a series. Times are milliseconds since 1970 as the client gave them; the value may be NaN or infinite.
package struct Metric: Sendable, Hashable {
  package var key: String
  package var value: Double
  package var timestamp: Int64
  package var step: Int64
  /// The logged model and data set that the value was measured on, where the client said so.
  package var modelID: String?
  package var datasetName: String?
  package var datasetDigest: String?

  package init(
    key: String, value: Double, timestamp: Int64, step: Int64 = 0, modelID: String? = nil, datasetName: String? = nil,
    datasetDigest: String? = nil
  ) {
    self.key = key
    self.value = value
    self.timestamp = timestamp
    self.step = step
    self.modelID = modelID
    self.datasetName = datasetName
    self.datasetDigest = datasetDigest
  }
}

/// A parameter or a tag.
package struct KeyValue: Sendable, Hashable, Codable {
  package var key: String
  package var value: String

  package init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}

/// What is known about a run besides what was logged to it.
package struct RunInfo: Sendable, Hashable {
  package var id: RunID
  package var experiment: ExperimentID
  package var name: String
  package var user: String
  package var status: RunStatus
  /// Milliseconds since 1970, as the client gave them.
  package var startTime: Int64
  package var endTime: Int64?
  package var lifecycle: Lifecycle
  /// `mlflow-artifacts:/<experiment>/<run>/artifacts`
  package var artifactURI: String
}

/// A run with its latest metric values, parameters, tags, inputs and outputs, each in order of its key.
package struct Run: Sendable, Hashable {
  package var info: RunInfo
  package var metrics: [Metric]
  package var params: [KeyValue]
  package var tags: [KeyValue]
  package var datasets: [DatasetInput]
  package var modelInputs: [ModelLink]
  package var modelOutputs: [ModelLink]

  package var id: RunID { info.id }
  package func metric(_ key: String) -> Double? { metrics.first { $0.key == key }?.value }
  package func param(_ key: String) -> String? { params.first { $0.key == key }?.value }
  package func tag(_ key: String) -> String? { tags.first { $0.key == key }?.value }
}

/// A data set that a run read, with tags such as `mlflow.data.context`.
package struct DatasetInput: Sendable, Hashable {
  package var name: String
  package var digest: String
  package var sourceType: String
  package var source: String
  package var schema: String?
  package var profile: String?
  package var tags: [KeyValue]

  package init(
    name: String, digest: String, sourceType: String, source: String, schema: String? = nil, profile: String? = nil,
    tags: [KeyValue] = []
  ) {
    self.name = name
    self.digest = digest
    self.sourceType = sourceType
    self.source = source
    self.schema = schema
    self.profile = profile
    self.tags = tags
  }
}

/// A logged model that a run read or wrote.
package struct ModelLink: Sendable, Hashable {
  package var modelID: String
  package var step: Int64

  package init(modelID: String, step: Int64 = 0) {
    self.modelID = modelID
    self.step = step
  }
}

/// A run to be created.
package struct NewRun: Sendable {
  package var experiment: ExperimentID
  package var name: String?
  package var user: String
  package var startTime: Int64?
  package var tags: [KeyValue]

  package init(
    experiment: ExperimentID, name: String? = nil, user: String = "", startTime: Int64? = nil, tags: [KeyValue] = []
  ) {
    self.experiment = experiment
    self.name = name
    self.user = user
    self.startTime = startTime
    self.tags = tags
  }
}

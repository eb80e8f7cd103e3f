import MartletCore

/// An experiment of another tracking server, as it was there. Times are milliseconds since 1970.
package struct ImportedExperiment: Sendable, Hashable, Codable {
  /// Its id there; it keeps it here when it is free.
  package var id: String
  package var name: String
  package var lifecycle: Lifecycle
  package var creationTime: Int64
  package var lastUpdateTime: Int64
  /// Where its artifacts stay when they are not copied, such as `s3://bucket/1`; nil: here.
  package var artifactLocation: String?
  package var tags: [KeyValue]

  package init(
    id: String, name: String, lifecycle: Lifecycle, creationTime: Int64, lastUpdateTime: Int64,
    artifactLocation: String? = nil, tags: [KeyValue]
  ) {
    self.id = id
    self.name = name
    self.lifecycle = lifecycle
    self.creationTime = creationTime
    self.lastUpdateTime = lastUpdateTime
    self.artifactLocation = artifactLocation
    self.tags = tags
  }
}

/// A data set that an imported run read.
package struct ImportedDataset: Sendable, Hashable, Codable {
  package var name: String
  package var digest: String
  package var sourceType: String
  package var source: String
  package var schema: String?
  package var profile: String?
  package var tags: [KeyValue]

  package init(
    name: String, digest: String, sourceType: String, source: String, schema: String?, profile: String?,
    tags: [KeyValue]
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

/// A logged model that an imported run read or wrote.
package struct ImportedModelLink: Sendable, Hashable, Codable {
  package var model: String
  package var step: Int64

  package init(model: String, step: Int64) {
    self.model = model
    self.step = step
  }
}

/// A run of another tracking server with all but its metric points.
package struct ImportedRun: Sendable, Hashable, Codable {
  package var id: String
  /// The experiment's id there.
  package var experiment: String
  package var name: String
  package var user: String
  package var status: RunStatus
  package var startTime: Int64
  package var endTime: Int64?
  package var lifecycle: Lifecycle
  package var deletedTime: Int64?
  /// Where its artifacts stay when they are not copied; nil: here.
  package var artifactPlace: String?
  package var params: [KeyValue]
  package var tags: [KeyValue]
  package var datasets: [ImportedDataset]
  package var modelInputs: [ImportedModelLink]
  package var modelOutputs: [ImportedModelLink]

  package init(
    id: String, experiment: String, name: String, user: String, status: RunStatus, startTime: Int64, endTime: Int64?,
    lifecycle: Lifecycle, deletedTime: Int64? = nil, artifactPlace: String? = nil, params: [KeyValue] = [],
    tags: [KeyValue] = [], datasets: [ImportedDataset] = [], modelInputs: [ImportedModelLink] = [],
    modelOutputs: [ImportedModelLink] = []
  ) {
    self.id = id
    self.experiment = experiment
    self.name = name
    self.user = user
    self.status = status
    self.startTime = startTime
    self.endTime = endTime
    self.lifecycle = lifecycle
    self.deletedTime = deletedTime
    self.artifactPlace = artifactPlace
    self.params = params
    self.tags = tags
    self.datasets = datasets
    self.modelInputs = modelInputs
    self.modelOutputs = modelOutputs
  }
}

/// One metric point on its way from one server to another.
package struct ImportedPoint: Sendable, Hashable, Codable {
  package var key: String
  package var value: Double
  package var timestamp: Int64
  package var step: Int64

  package init(key: String, value: Double, timestamp: Int64, step: Int64) {
    self.key = key
    self.value = value
    self.timestamp = timestamp
    self.step = step
  }
}

/// A value that a run measured of a logged model.
package struct ImportedMeasurement: Sendable, Hashable, Codable {
  package var run: String
  package var point: ImportedPoint
  package var datasetName: String?
  package var datasetDigest: String?

  package init(run: String, point: ImportedPoint, datasetName: String?, datasetDigest: String?) {
    self.run = run
    self.point = point
    self.datasetName = datasetName
    self.datasetDigest = datasetDigest
  }
}

/// A logged model of another tracking server.
package struct ImportedLoggedModel: Sendable, Hashable, Codable {
  package var id: String
  package var experiment: String
  package var name: String
  package var modelType: String?
  package var sourceRun: String?
  /// `PENDING`, `READY` or `UPLOAD_FAILED`.
  package var status: String
  package var lifecycle: Lifecycle
  package var creationTime: Int64
  package var lastUpdateTime: Int64
  package var artifactPlace: String?
  package var params: [KeyValue]
  package var tags: [KeyValue]
  package var metrics: [ImportedMeasurement]

  package init(
    id: String, experiment: String, name: String, modelType: String?, sourceRun: String?, status: String,
    lifecycle: Lifecycle, creationTime: Int64, lastUpdateTime: Int64, artifactPlace: String? = nil, params: [KeyValue],
    tags: [KeyValue], metrics: [ImportedMeasurement]
  ) {
    self.id = id
    self.experiment = experiment
    self.name = name
    self.modelType = modelType
    self.sourceRun = sourceRun
    self.status = status
    self.lifecycle = lifecycle
    self.creationTime = creationTime
    self.lastUpdateTime = lastUpdateTime
    self.artifactPlace = artifactPlace
    self.params = params
    self.tags = tags
    self.metrics = metrics
  }
}

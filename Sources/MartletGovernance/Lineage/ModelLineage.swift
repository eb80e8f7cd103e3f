package import MartletCore

/// Where a model version comes from, recorded when it is registered and kept with it as JSON.
package struct ModelLineage: Sendable, Hashable, Codable {
  /// Data that a step read.
  package struct DataInput: Sendable, Hashable, Codable {
    /// `project/name`.
    package var dataset: String
    package var version: DataVersionID
    package var rows: Int?
    /// First and last partition.
    package var from: String?
    package var to: String?

    package init(dataset: String, version: DataVersionID, rows: Int? = nil, from: String? = nil, to: String? = nil) {
      self.dataset = dataset
      self.version = version
      self.rows = rows
      self.from = from
      self.to = to
    }
  }

  /// A file of the project's code that took part.
  package struct SourceFile: Sendable, Hashable, Codable {
    package var path: String
    package var digest: Digest

    package init(path: String, digest: Digest) {
      self.path = path
      self.digest = digest
    }
  }

  package var project: ProjectName
  package var projectVersion: Int
  package var commit: String?
  package var isDirty: Bool
  package var pipelineRun: PipelineRunID
  /// The MLflow run of the candidate that was kept.
  package var run: RunID
  package var data: [DataInput]
  package var features: [String]
  package var sources: [SourceFile]
  package var parameters: [String: JSON]
  /// Versions of the engines and of Martlet.
  package var environment: [String: String]
  /// Steps between data and model, in order: name and kind.
  package var steps: [String]

  package init(
    project: ProjectName, projectVersion: Int, commit: String? = nil, isDirty: Bool = false, pipelineRun: PipelineRunID,
    run: RunID, data: [DataInput] = [], features: [String] = [], sources: [SourceFile] = [],
    parameters: [String: JSON] = [:], environment: [String: String] = [:], steps: [String] = []
  ) {
    self.project = project
    self.projectVersion = projectVersion
    self.commit = commit
    self.isDirty = isDirty
    self.pipelineRun = pipelineRun
    self.run = run
    self.data = data
    self.features = features
    self.sources = sources
    self.parameters = parameters
    self.environment = environment
    self.steps = steps
  }
}

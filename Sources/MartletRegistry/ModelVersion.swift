package import MartletCore

/// A named model with its versions.
package struct RegisteredModel: Sendable, Hashable {
  package var name: ModelName
  package var description: String?
  package var createdBy: String
  package var creationTime: Timestamp
  package var lastUpdateTime: Timestamp
  package var tags: [String: String]
  /// Each alias and the version that it names.
  package var aliases: [String: Int]
  /// The newest version in each stage, by version.
  package var latestVersions: [ModelVersion]
}

/// MLflow's stages. At most one thing follows from them here: what people see; deployments name versions.
package enum ModelStage: String, Sendable, Hashable, Codable, CaseIterable {
  case none = "None"
  case staging = "Staging"
  case production = "Production"
  case archived = "Archived"

  /// Any case of letters.
  package init(written text: String) throws {
    guard let stage = Self.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
      throw MartletError.invalidInput(
        "Invalid Model Version stage: \(text.prefix(60)). Value must be one of "
          + Self.allCases.map(\.rawValue).joined(separator: ", ") + ".")
    }
    self = stage
  }
}

/// One file of a model version.
package struct ModelFile: Sendable, Hashable, Codable {
  /// Relative to the model's folder, such as `MLmodel` or `data/model.txt`.
  package var path: String
  package var digest: Digest
  /// Bytes.
  package var size: Int64

  package init(path: String, digest: Digest, size: Int64) {
    self.path = path
    self.digest = digest
    self.size = size
  }
}

/// A registered version of a model. Its files, and with them size and checksum, never change; description, tags,
/// aliases and stage do.
package struct ModelVersion: Sendable, Hashable {
  package enum Status: String, Sendable, Hashable, CaseIterable {
    case pending = "PENDING_REGISTRATION"
    case failed = "FAILED_REGISTRATION"
    case ready = "READY"
  }

  package var id: ModelVersionID
  /// As the registering client named it, such as `runs:/<run>/model`.
  package var source: String
  package var run: RunID?
  package var runLink: String?
  package var loggedModelID: String?
  package var description: String?
  package var createdBy: String
  package var stage: ModelStage
  package var status: Status
  package var statusMessage: String?
  package var creationTime: Timestamp
  package var lastUpdateTime: Timestamp
  package var tags: [String: String]
  package var aliases: [String]
  /// In order of path. Empty when the source is not kept by this server.
  package var files: [ModelFile]
  /// Bytes, all files together.
  package var size: Int64
  /// SHA-256 over the files' lines `<path> <digest> <size>\n` in order of path; nil without files.
  package var checksum: Digest?
  /// MLflow's signature: `{"inputs": …, "outputs": …}`.
  package var signature: JSON?
  package var inputExample: JSON?
  /// Data versions, code commit, environment, parameters: whatever the registering step knew.
  package var lineage: JSON
  /// Evaluation results by name.
  package var metrics: [String: Double]

  /// Where MLflow's clients download the version from: its own unchanging copy of the names, or the source when
  /// this server keeps no files of it. Names with signs that mean something in addresses have no such place.
  package var downloadURI: String {
    files.isEmpty || id.model.text.contains(where: { "#?%;&\\".contains($0) })
      ? source : "mlflow-artifacts:/registry/\(id.model)/\(id.version)"
  }
}

/// A version to be registered.
package struct NewModelVersion: Sendable {
  package var model: ModelName
  package var source: String
  package var run: RunID?
  package var runLink: String?
  package var loggedModelID: String?
  package var description: String?
  package var tags: [String: String]
  package var files: [ModelFile]
  package var signature: JSON?
  package var inputExample: JSON?
  package var lineage: JSON
  package var metrics: [String: Double]
  /// The project whose pipeline registers it: the registered model is the project's own, and made when there is none.
  package var project: ProjectName?

  package init(
    model: ModelName, source: String, run: RunID? = nil, runLink: String? = nil, loggedModelID: String? = nil,
    description: String? = nil, tags: [String: String] = [:], files: [ModelFile] = [], signature: JSON? = nil,
    inputExample: JSON? = nil, lineage: JSON = [:], metrics: [String: Double] = [:], project: ProjectName? = nil
  ) {
    self.model = model
    self.source = source
    self.run = run
    self.runLink = runLink
    self.loggedModelID = loggedModelID
    self.description = description
    self.tags = tags
    self.files = files
    self.signature = signature
    self.inputExample = inputExample
    self.lineage = lineage
    self.metrics = metrics
    self.project = project
  }
}

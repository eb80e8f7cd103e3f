package import MartletCore

/// What a step made under one name: a blob, a small value, or both.
package struct StepOutput: Sendable, Hashable, Codable {
  /// The contents; nil for an output that is only a value.
  package var digest: Digest?
  /// Bytes of the contents.
  package var size: Int64?
  /// What the contents are called, such as `train.parquet`.
  package var fileName: String?
  /// A small value: metrics, a version's name, the members of a model package.
  package var value: JSON?
  /// Further blobs that the value speaks of; they must exist for the output to be used again.
  package var blobs: [Digest]

  package init(
    digest: Digest? = nil, size: Int64? = nil, fileName: String? = nil, value: JSON? = nil, blobs: [Digest] = []
  ) {
    self.digest = digest
    self.size = size
    self.fileName = fileName
    self.value = value
    self.blobs = blobs
  }

  /// Equal for outputs that are the same to whoever takes them in.
  package var fingerprint: String { (digest.map(\.hex) ?? "") + (value.map { "=\($0.text)" } ?? "") }
}

/// What a step's body returns.
package struct StepResult: Sendable, Hashable {
  package var outputs: [String: StepOutput]
  /// One line for people: "120,345 rows", "roc_auc 0.71".
  package var summary: String?

  package init(_ outputs: [String: StepOutput] = [:], summary: String? = nil) {
    self.outputs = outputs
    self.summary = summary
  }
}

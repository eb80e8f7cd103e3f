package import MartletCore

/// A named group of runs.
package struct Experiment: Sendable, Hashable {
  package var id: ExperimentID
  package var name: String
  package var artifactLocation: String
  package var lifecycle: Lifecycle
  package var creationTime: Timestamp
  package var lastUpdateTime: Timestamp
  package var tags: [KeyValue]

  package func tag(_ key: String) -> String? { tags.first { $0.key == key }?.value }
}

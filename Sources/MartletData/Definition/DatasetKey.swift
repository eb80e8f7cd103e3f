package import MartletCore

/// Which dataset: its project and its name there.
package struct DatasetKey: Sendable, Hashable, Codable, CustomStringConvertible {
  package var project: ProjectName
  package var name: DatasetName

  package init(project: ProjectName, name: DatasetName) {
    self.project = project
    self.name = name
  }

  package var description: String { "\(project)/\(name)" }

  /// How the ledger names it: `dataset:flight-delay/flights`.
  package var ledgerObject: String { "dataset:\(self)" }
}

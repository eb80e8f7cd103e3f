import MartletCore
import MartletGovernance
import MartletModels
import MartletRegistry
import MartletStatistics

/// What was recorded with a version about how good it is and where it came from; nothing of it is computed anew.
struct VersionEvidence {
  /// As the evaluate step writes it.
  struct Evaluation: Decodable {
    var rows: Int
    var candidate: BinaryEvaluation
    var baselines: [String: BinaryEvaluation]
    var champion: BinaryEvaluation?
    var championVersion: ModelVersionID?
    /// candidate − champion on the same rows.
    var paired: [String: Interval]?
  }

  struct Importance: Decodable {
    var column: String
    var share: Double
  }

  var evaluation: Evaluation?
  var lineage: ModelLineage?
  var importance: [Importance]

  /// Versions that clients registered carry none of it, or some.
  init(_ lineage: JSON) {
    evaluation = lineage["evaluation"].flatMap { try? $0.decode() }
    importance = lineage["importance"].flatMap { try? $0.decode() } ?? []
    self.lineage = try? lineage.decode()
  }
}

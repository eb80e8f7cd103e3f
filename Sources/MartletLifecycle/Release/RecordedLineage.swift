package import MartletCore
import MartletGovernance

/// What was recorded of a version's origin, as the native API writes it.
package enum RecordedLineage {
  /// The stored members in `snake_case`; what is not of a known shape stays as it is.
  package static func json(_ stored: JSON) -> JSON {
    guard var members = stored.object, let lineage = try? stored.decode(ModelLineage.self),
      let known = try? JSON(snakeCase: lineage).object, let written = try? JSON(encoding: lineage).object
    else { return stored }
    for name in written.keys { members[name] = nil }
    members.merge(known) { $1 }
    if let evaluation = try? members["evaluation"]?.decode(Evaluation.self) {
      members["evaluation"] = try? JSON(snakeCase: evaluation)
    }
    return .object(members)
  }
}

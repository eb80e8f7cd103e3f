import MartletArtifacts
import MartletCore
import MartletData
import MartletFeatures
import MartletLifecycle

/// Thirty-one quiet days of flights, and one whose unit was changed on the way.
extension PageWorld {
  func addData() async throws {
    let definition: DatasetDefinition = try JSON.parse(
      """
      {"key": ["id"], "partition": {"by": "day", "column": "day"}, "time": "known_at",
       "card": {"owner": "data@example.com", "purpose": "punctuality", "terms": "public domain"},
       "expect": [{"rows": {"min": 3}}],
       "control": [{"stat": "mean(distance)", "severity": "error"}, {"stat": "rows", "stratum": "weekday"}]}
      """
    ).decode()
    try await platform.data.define(Self.dataset, definition, by: author, at: now)
    _ = try await platform.features.define(
      Self.project,
      FeatureViewDefinition(
        name: "recent", entity: ["id"], timestamp: "known_at", sql: "select id, known_at, distance from flights"),
      by: author, at: now)
    var first = Self.header
    for day in 1...31 { first += Self.rows(day: day, month: 1, scale: 1) }
    try await deliver(first, named: "january.csv")
    try await deliver(Self.header + Self.rows(day: 1, month: 2, scale: 1), named: "2013-02-01.csv")
    try await deliver(Self.header + Self.rows(day: 2, month: 2, scale: 1.609), named: "kilometres <b>.csv")
  }

  private func deliver(_ text: String, named name: String) async throws {
    let blob = try await platform.artifacts.put(bytes: Array(text.utf8))
    _ = try await platform.data.ingest(Self.dataset, upload: blob, named: name, at: now, by: author)
  }

  private static let header = "id,day,known_at,carrier,distance\n"

  private static func rows(day: Int, month: Int, scale: Double) -> String {
    let date = "2013-0\(month)-\(day < 10 ? "0" : "")\(day)"
    return (0..<20).map { row in
      let distance = (1000 + Double((day * 31 + row * 17) % 40)) * scale
      return "\(date)-\(row),\(date),\(date)T12:00:00Z,\(["UA", "B6"][row % 2]),\(distance)\n"
    }.joined()
  }
}

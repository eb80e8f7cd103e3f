import Foundation
import MartletArtifacts
import MartletCore
import MartletEngines
import MartletJobs
import MartletStore
import MartletTesting

@testable import MartletData

/// A catalog over a new database, with jobs run in this process.
struct CatalogFixture {
  let catalog: DataCatalog
  let key = DatasetKey(project: "flight-delay", name: "flights")
  let author = Author(name: "dana", role: "data engineer")
  let now = Timestamp(year: 2013, month: 4, day: 2)

  init(_ kind: TestDatabase.Kind) async throws {
    let folder = try TemporaryFolder.make()
    let jobs = JobRunner.inProcess(handlers: DataJobs.handlers, engines: try TestEngines.folder().path, scratch: folder)
    catalog = DataCatalog(
      database: try await kind.open(), artifacts: ArtifactStore(root: folder + "/artifacts"), jobs: jobs,
      clock: .fixed(Timestamp(year: 2026, month: 1, day: 1)), work: folder)
  }

  static let definition = DatasetDefinition(
    key: ["id"], partition: PartitionRule(by: .day, column: "day"), time: "at",
    expect: [Expectation(.rows(min: 2, max: nil))],
    control: [ControlSpec(ControlStat(.mean, "distance"), severity: .error)])

  /// One day of flights as CSV, with its header.
  static func day(_ day: Int, rows: Int = 20, distance: Double = 1000, from first: Int = 1) -> String {
    let date = (Timestamp(year: 2013, month: 1, day: 1) + .seconds(86_400 * day)).day
    let lines = (0..<rows).map { row -> String in
      let wobble = Double((day * 31 + row * 17) % 23)
      return
        "\(day * 1000 + first + row),\(date),\(date)T\(row < 10 ? "0" : "")\(row % 24):00:00Z,\(distance + wobble),AA"
    }
    return "id,day,at,distance,carrier\n" + lines.joined(separator: "\n") + "\n"
  }

  static func days(_ range: Range<Int>) -> String {
    "id,day,at,distance,carrier\n"
      + range.map { day($0).split(separator: "\n").dropFirst().joined(separator: "\n") + "\n" }.joined()
  }

  static func name(_ day: Int) -> String { (Timestamp(year: 2013, month: 1, day: 1) + .seconds(86_400 * day)).day }

  @discardableResult
  func deliver(_ text: String, named name: String = "upload.csv", partition: String? = nil, at time: Timestamp? = nil)
    async throws
    -> IngestReport
  {
    let blob = try await catalog.artifacts.put(bytes: Array(text.utf8))
    return try await catalog.ingest(key, upload: blob, named: name, partition: partition, at: time ?? now, by: author)
  }

  func ledgerActions() async throws -> [String] {
    try await catalog.database.read { try $0.rows("SELECT action FROM ledger_entries ORDER BY id") { try $0.text(0) } }
  }
}

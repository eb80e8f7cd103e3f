import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletStore
import MartletTesting
import MartletTracking
import Testing

@testable import MartletServer

@Suite("Runs of all experiments, over the native API")
struct RunListTests {
  @Test(
    "A search that names no experiment looks at all that the caller may read, be they thousands",
    arguments: TestDatabase.kinds)
  func everyExperiment(kind: TestDatabase.Kind) async throws {
    let world = try await AccessWorld(rolesIn: "alpha", kind)
    try await world.addExperiments(2500)
    let tracker = world.plane.platform.tracker
    // The oldest of all, so that a list of the newest thousand does not have it; then one of nobody's.
    let mine = try await tracker.createRun(NewRun(experiment: world.experiment, name: "mine"), by: .martlet)
    try await tracker.logParam(KeyValue("seed", "1"), to: mine.id)
    let experiment = try await tracker.experiment(named: "e1500").id
    _ = try await tracker.createRun(NewRun(experiment: experiment, name: "another's"), by: .martlet)
    #expect(try await world.runNames(as: "root") == ["another's", "mine"])
    #expect(try await world.runNames(as: JobRole.dataScientist.rawValue) == ["mine"])
    let groups = try await world.send(
      .get, "/api/v1/run-groups?by=params.seed&filter=params.seed='1'", as: JobRole.dataScientist.rawValue)
    #expect(try groups.json["items"]?.array?.first?["runs"]?.integer == 1)
    await world.close()
  }
}

extension AccessWorld {
  /// Experiments `e1`, `e2` … that belong to no project and are newer than all others.
  fileprivate func addExperiments(_ count: Int) async throws {
    let later = Timestamp(milliseconds: 4_000_000_000_000)
    try await plane.platform.database.write { connection in
      try connection.execute(
        """
        INSERT INTO experiments (name, artifact_location, lifecycle, creation_time, last_update_time)
        WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < \(count))
        SELECT 'e' || x, 'mlflow-artifacts:/e' || x, 'active', \(later.milliseconds), x FROM n
        """)
    }
  }

  fileprivate func runNames(as user: String) async throws -> [String] {
    let answer = try await send(.get, "/api/v1/runs?limit=1000", as: user)
    let runs = try answer.json["items"]?.array ?? []
    return runs.compactMap { $0["name"]?.string }.filter { $0 == "mine" || $0 == "another's" }.sorted()
  }
}

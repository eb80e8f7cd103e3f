import MartletArtifacts
package import MartletCore
import MartletStore

/// Outputs of earlier runs, by the digest of everything that decided them.
package struct StepCache: Sendable {
  /// A step's outputs as an earlier run made them.
  package struct Hit: Sendable, Hashable {
    package var run: PipelineRunID
    package var outputs: [String: StepOutput]
    package var createdAt: Timestamp
  }

  let database: any Database
  let artifacts: ArtifactStore

  /// The outputs for a key; nil when there are none, or when a blob among them is gone.
  package func hit(_ project: ProjectName, _ key: Digest) async throws -> Hit? {
    let found = try await database.read { connection in
      try connection.first(
        "SELECT run, outputs, created_at FROM step_cache WHERE project = ? AND cache_key = ?",
        [SQLValue(project), .text(key.hex)]
      ) { Hit(run: try $0.identifier(0), outputs: try $0.json(1).decode(), createdAt: try $0.time(2)) }
    }
    guard let found else { return nil }
    for output in found.outputs.values {
      for digest in [output.digest].compactMap(\.self) + output.blobs where try await !artifacts.exists(digest) {
        return nil
      }
    }
    return found
  }

  /// What decided the step's latest outputs; nil when it has never run.
  package func latestIngredients(_ project: ProjectName, step: String) async throws -> StepIngredients? {
    try await database.read { connection in
      try connection.first(
        "SELECT ingredients FROM step_cache WHERE project = ? AND step = ? ORDER BY created_at DESC, cache_key LIMIT 1",
        [SQLValue(project), .text(step)]
      ) { try $0.json(0).decode() }
    }
  }

  /// Records outputs, in the transaction that records the step as done.
  static func put(
    _ outputs: [String: StepOutput], of step: String, ingredients: StepIngredients, project: ProjectName,
    run: PipelineRunID, at time: Timestamp, in connection: any SQLConnection
  ) throws {
    try connection.execute(
      """
      INSERT INTO step_cache (project, cache_key, step, ingredients, outputs, run, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (project, cache_key) DO UPDATE SET outputs = excluded.outputs, run = excluded.run,
      created_at = excluded.created_at
      """,
      [
        SQLValue(project), .text(ingredients.key.hex), .text(step), SQLValue(try JSON(encoding: ingredients)),
        SQLValue(try JSON(encoding: outputs)), SQLValue(run), SQLValue(time),
      ])
  }
}

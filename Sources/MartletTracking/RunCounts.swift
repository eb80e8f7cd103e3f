package import MartletCore
import MartletStore

extension ExperimentTracker {
  /// How many active runs each of these experiments has; those without any are left out.
  package func runCounts(of experiments: [ExperimentID]) async throws -> [ExperimentID: Int] {
    let numbers = try experiments.map(ExperimentStore.number)
    return try await database.read { connection in
      var counts: [ExperimentID: Int] = [:]
      let sql = """
        SELECT experiment_id, COUNT(*) FROM runs WHERE lifecycle = 'active' AND experiment_id IN (@)
        GROUP BY experiment_id
        """
      for start in stride(from: 0, to: numbers.count, by: 500) {
        let part = numbers[start..<min(start + 500, numbers.count)]
        let places = Array(repeating: "?", count: part.count).joined(separator: ", ")
        try connection.forEachRow(sql.replacing("@", with: places), part.map(SQLValue.integer)) { row in
          counts[ExperimentID(String(try row.integer(0)))] = try row.int(1)
          return true
        }
      }
      return counts
    }
  }
}

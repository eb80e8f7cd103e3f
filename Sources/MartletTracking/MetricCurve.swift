package import MartletCore
import MartletStore

/// The course of a series, as fine as a picture can show it: single points, or parts that each stand for several
/// neighbours with their least, mean and greatest value, so that no spike is lost.
package struct MetricCurve: Sendable, Hashable {
  package struct Part: Sendable, Hashable {
    package var firstStep: Int64
    package var lastStep: Int64
    /// Milliseconds since 1970 of its last point.
    package var time: Int64
    package var count: Int
    /// NaN among them.
    package var missing: Int
    /// Nil where every point is NaN. The mean leaves out what is beyond ±1e300.
    package var low: Double?
    package var mean: Double?
    package var high: Double?
  }

  package var key: String
  /// In order of the first step.
  package var parts: [Part]

  /// A series of so many times as many points as parts are wanted still comes as single points.
  static let pointsForAPart = 4

  package var points: Int { parts.reduce(0) { $0 + $1.count } }
  /// Every part is one point.
  package var isExact: Bool { parts.allSatisfy { $0.count == 1 } }
}

extension ExperimentTracker {
  /// A run's series between two steps, both included, in at most `parts` parts; a series of up to four times as many
  /// points comes as it is. However long it is, little memory is used: the database puts the parts together.
  package func metricCurve(
    _ run: RunID, key: String, steps: ClosedRange<Int64>? = nil, parts: Int = 500
  ) async throws -> MetricCurve {
    try await database.read(within: TransactionLimits.longReading) { connection in
      let number = try RunStore.get(run, in: connection).number
      return try MetricCurveStore(run: number, key: key, steps: steps, connection: connection).curve(parts: parts)
    }
  }

  /// Several series of one run, in this order.
  package func metricCurves(_ run: RunID, keys: [String], parts: Int = 500) async throws -> [MetricCurve] {
    try await database.read(within: TransactionLimits.longReading) { connection in
      let number = try RunStore.get(run, in: connection).number
      return try keys.map { key in
        try MetricCurveStore(run: number, key: key, steps: nil, connection: connection).curve(parts: parts)
      }
    }
  }

  /// One metric of several runs, in this order; without parts where a run has no such metric.
  package func metricCurves(of runs: [RunID], key: String, parts: Int) async throws -> [MetricCurve] {
    try await database.read(within: TransactionLimits.longReading) { connection in
      try runs.map { run in
        let number = try RunStore.get(run, in: connection).number
        return try MetricCurveStore(run: number, key: key, steps: nil, connection: connection).curve(parts: parts)
      }
    }
  }

  /// The metrics of a run that have more than one point, by name.
  package func metricsWithCourse(of run: RunID) async throws -> [String] {
    try await database.read { connection in
      let number = try RunStore.get(run, in: connection).number
      return try MetricCurveStore.keysWithCourse(of: number, in: connection)
    }
  }
}

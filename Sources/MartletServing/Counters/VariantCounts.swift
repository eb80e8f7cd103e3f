/// Why a variant did not answer a row it was given.
package enum ScoringFailureKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// The request lacks a column the model cannot do without.
  case missingColumn = "missing_column"
  /// The model wants another type than the champion for a column.
  case incompatibleColumn = "incompatible_column"
  /// The model failed.
  case model
  /// The model's answer was NaN or infinite.
  case notFinite = "not_finite"
}

/// What one variant did, counted in rows unless said otherwise. Differences of two of these are counts of a period.
package struct VariantCounts: Sendable, Hashable, Codable {
  /// Requests that gave the variant at least one row.
  package var requests = 0
  /// Rows given to the variant, answered or not.
  package var rows = 0
  /// Rows the variant could not answer, by `ScoringFailureKind`.
  package var errors: [String: Int] = [:]
  /// Rows the champion answered in this variant's place.
  package var fallbacks = 0
  /// Rows in which nobody delivered an input, by input: not in the request or null there, and no online row that was
  /// young enough. A null inside an online row is not counted.
  package var missing: [String: Int] = [:]
  /// Requests by duration, in `LatencyBuckets`.
  package var latency: [Int] = [Int](repeating: 0, count: LatencyBuckets.count)
  /// Sum of the durations, microseconds.
  package var latencySum = 0
  /// Finite answers, in `ScoreBuckets`.
  package var scores: [Int] = [Int](repeating: 0, count: ScoreBuckets.count)

  package init() {}

  package var errorCount: Int { errors.values.reduce(0, +) }

  /// Share of the rows the variant could not answer; nil before the first row.
  package var errorRate: Double? { rows > 0 ? Double(errorCount) / Double(rows) : nil }

  /// Share of the rows in which each input was missing.
  package var missingRates: [String: Double] {
    guard rows > 0 else { return [:] }
    return missing.mapValues { Double($0) / Double(rows) }
  }

  /// Latency at a quantile in milliseconds; nil before the first request.
  package func latencyMilliseconds(at quantile: Double) -> Double? {
    LatencyBuckets.quantile(quantile, of: latency).map { Double($0) / 1000 }
  }

  package static func - (later: VariantCounts, earlier: VariantCounts) -> VariantCounts {
    var difference = later
    difference.requests -= earlier.requests
    difference.rows -= earlier.rows
    difference.fallbacks -= earlier.fallbacks
    difference.latencySum -= earlier.latencySum
    for (kind, count) in earlier.errors { difference.errors[kind, default: 0] -= count }
    for (input, count) in earlier.missing { difference.missing[input, default: 0] -= count }
    difference.latency = zip(later.latency, earlier.latency).map { $0 - $1 }
    difference.scores = zip(later.scores, earlier.scores).map { $0 - $1 }
    return difference
  }
}

/// The counters of one model version at one endpoint, raised by every request.
final class VariantCounters: Sendable {
  private enum Single: Int, CaseIterable {
    case requests, rows, fallbacks, latencySum
  }

  private let singles = AtomicCounts(Single.allCases.count)
  private let errors = AtomicCounts(ScoringFailureKind.allCases.count)
  private let latency = AtomicCounts(LatencyBuckets.count)
  private let scores = AtomicCounts(ScoreBuckets.count)
  private let missing: AtomicCounts
  private let inputs: [String]

  /// `inputs` are the model's, in its order.
  init(inputs: [String]) {
    self.inputs = inputs
    missing = AtomicCounts(inputs.count)
  }

  func addRequest(rows: Int) {
    singles.add(at: Single.requests.rawValue)
    singles.add(rows, at: Single.rows.rawValue)
  }

  func addLatency(microseconds: Int) {
    latency.add(at: LatencyBuckets.bucket(of: microseconds))
    singles.add(microseconds, at: Single.latencySum.rawValue)
  }

  func addErrors(_ kind: ScoringFailureKind, rows: Int) {
    guard let position = ScoringFailureKind.allCases.firstIndex(of: kind) else { return }
    errors.add(rows, at: position)
  }

  func addFallbacks(rows: Int) { singles.add(rows, at: Single.fallbacks.rawValue) }

  func addMissing(input: Int, rows: Int = 1) { missing.add(rows, at: input) }

  func addScore(_ score: Double) { scores.add(at: ScoreBuckets.bucket(of: score)) }

  var counts: VariantCounts {
    var counts = VariantCounts()
    counts.requests = singles.value(at: Single.requests.rawValue)
    counts.rows = singles.value(at: Single.rows.rawValue)
    counts.fallbacks = singles.value(at: Single.fallbacks.rawValue)
    counts.latencySum = singles.value(at: Single.latencySum.rawValue)
    counts.latency = latency.values
    counts.scores = scores.values
    for (position, kind) in ScoringFailureKind.allCases.enumerated() {
      counts.errors[kind.rawValue] = errors.value(at: position)
    }
    for (position, input) in inputs.enumerated() { counts.missing[input] = missing.value(at: position) }
    return counts
  }
}

package import MartletCore

/// What a replay did so far.
package struct ReplayTally: Sendable, Hashable {
  package var steps = 0
  package var requests = 0
  package var failures = 0
  package var outcomes = 0
  package var rows = 0
  package var partitions = 0
  package var quarantined = 0
  package var events: [String] = []
  private static let bucketCount = 200
  /// Requests by how long they took; bucket b holds those of up to 1.1^b · 10 µs.
  private var latencies = [Int](repeating: 0, count: bucketCount)
  /// Time in which requests were under way, seconds.
  package var requestSeconds = 0.0
  private var longest = Duration.zero

  package init() {}

  mutating func add(_ duration: Duration, succeeded: Bool) {
    requests += 1
    if !succeeded { failures += 1 }
    longest = max(longest, duration)
    latencies[Self.bucket(of: duration.inSeconds * 1000)] += 1
  }

  private static let smallest = 0.01
  private static let factor = 1.1

  /// The first bucket whose bound is not below so many milliseconds.
  private static func bucket(of milliseconds: Double) -> Int {
    var (bound, bucket) = (smallest, 0)
    while bound < milliseconds, bucket < bucketCount - 1 {
      bound *= factor
      bucket += 1
    }
    return bucket
  }

  /// Latency in milliseconds at a quantile, at most a tenth too high; nil before the first request.
  package func latencyMilliseconds(at quantile: Double) -> Double? {
    guard requests > 0 else { return nil }
    let wanted = Int((quantile * Double(requests)).rounded(.up))
    var seen = 0
    var bound = Self.smallest
    for count in latencies {
      seen += count
      if seen >= wanted { return min(bound, longest.inSeconds * 1000) }
      bound *= Self.factor
    }
    return longest.inSeconds * 1000
  }

  /// The summary that is printed at the end.
  package func json(_ plan: ReplayPlan, until end: Timestamp, seconds: Double) -> JSON {
    func rounded(_ value: Double?) -> JSON { value.map { .double(($0 * 1000).rounded() / 1000) } ?? .null }
    return [
      "project": .string(plan.project), "from": .string(plan.from.description), "until": .string(end.description),
      "steps": .integer(Int64(steps)), "requests": .integer(Int64(requests)), "failures": .integer(Int64(failures)),
      "latency_ms": [
        "p50": rounded(latencyMilliseconds(at: 0.5)), "p99": rounded(latencyMilliseconds(at: 0.99)),
        "max": rounded(longest.inSeconds * 1000),
      ],
      "requests_per_second": rounded(requestSeconds > 0 ? Double(requests) / requestSeconds : nil),
      "outcomes": .integer(Int64(outcomes)), "rows": .integer(Int64(rows)), "partitions": .integer(Int64(partitions)),
      "quarantined": .integer(Int64(quarantined)), "events": .array(events.map(JSON.string)),
      "seconds": rounded(seconds),
    ]
  }
}

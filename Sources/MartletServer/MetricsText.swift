import Foundation
import MartletCore

/// Measures in Prometheus' text format.
package struct MetricsText {
  package private(set) var text = ""

  package init() {}

  package enum Kind: String {
    case counter
    case gauge
    case histogram
  }

  /// One metric with its samples; labels are escaped here.
  package mutating func add(
    _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: [(String, String)], value: Double)]
  ) {
    guard !samples.isEmpty else { return }
    header(name, kind, help)
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  package mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
    add(name, kind, help, [([], value)])
  }

  /// The HTTP requests answered so far.
  mutating func add(_ measures: RequestMeasures) {
    let (requests, inFlight) = measures.snapshot
    let sorted = requests.sorted {
      ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
    }
    add("martlet_http_requests_in_flight", .gauge, "Requests being answered now.", Double(inFlight))
    add(
      "martlet_http_requests_total", .counter, "Requests answered, by route and status.",
      sorted.map { (Self.labels($0.key) + [("status", String($0.key.status))], Double($0.value.count)) })
    var byRoute: [(key: [(String, String)], timing: RequestMeasures.Timing)] = []
    for (key, timing) in sorted {
      if let last = byRoute.indices.last, byRoute[last].key.map(\.1) == Self.labels(key).map(\.1) {
        byRoute[last].timing.add(timing)
      } else {
        byRoute.append((Self.labels(key), timing))
      }
    }
    guard !byRoute.isEmpty else { return }
    let name = "martlet_http_request_duration_seconds"
    header(name, .histogram, "Time from a request's head to its answer's head.")
    for (labels, timing) in byRoute { histogram(name, labels, timing) }
  }

  private mutating func histogram(_ name: String, _ labels: [(String, String)], _ timing: RequestMeasures.Timing) {
    var total = 0
    for (bound, count) in zip(RequestMeasures.bounds, timing.buckets) {
      total += count
      line(name + "_bucket", labels + [("le", "\(bound)")], Double(total))
    }
    line(name + "_bucket", labels + [("le", "+Inf")], Double(timing.count))
    line(name + "_sum", labels, timing.seconds)
    line(name + "_count", labels, Double(timing.count))
  }

  private static func labels(_ key: RequestMeasures.Key) -> [(String, String)] {
    [("method", key.method), ("route", key.route)]
  }

  private mutating func header(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
    let list = labels.map { "\($0)=\"\(Self.escape($1))\"" }.joined(separator: ",")
    let number = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    text += "\(name)\(list.isEmpty ? "" : "{\(list)}") \(number)\n"
  }

  private static func escape(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}

extension RequestMeasures.Timing {
  mutating func add(_ other: Self) {
    count += other.count
    seconds += other.seconds
    for index in buckets.indices { buckets[index] += other.buckets[index] }
  }
}

import Hummingbird
import MartletCore
import NIOPosix

/// `GET /metrics` in Prometheus' text format: counters since the process started.
struct MetricsRoute: Sendable {
  let plane: ScoringPlane

  func add(to router: Router<BasicRequestContext>) {
    router.get("/metrics") { _, _ in
      Reply.text(try await plane.threads.runIfActive { ScoringMetrics.text(plane) })
    }
  }
}

enum ScoringMetrics {
  static func text(_ plane: ScoringPlane) -> String {
    var text = MetricsText()
    let endpoints = plane.current.all
    for metric in counters { metric.write(endpoints, to: &text) }
    writeMissing(endpoints, to: &text)
    writeErrors(endpoints, to: &text)
    writeRefused(endpoints, to: &text)
    writeLatency(endpoints, to: &text)
    writeLog(plane, to: &text)
    return text.text
  }

  private struct Counter {
    var name: String
    var help: String
    var value: (VariantCounts) -> Int

    func write(_ endpoints: [LoadedEndpoint], to text: inout MetricsText) {
      text.begin(name, "counter", help)
      forEachVariant(endpoints) { labels, counts in text.sample(name, labels, Double(value(counts))) }
    }
  }

  private static var counters: [Counter] {
    [
      Counter(name: "martlet_scoring_requests_total", help: "Requests that gave a version at least one row.") {
        $0.requests
      },
      Counter(name: "martlet_scoring_rows_total", help: "Rows given to a version.") { $0.rows },
      Counter(
        name: "martlet_scoring_fallback_rows_total", help: "Rows the champion answered in a challenger's place."
      ) { $0.fallbacks },
    ]
  }

  private static func forEachVariant(
    _ endpoints: [LoadedEndpoint], _ body: ([(String, String)], VariantCounts) -> Void
  ) {
    for endpoint in endpoints {
      for variant in endpoint.variants {
        body(
          [("endpoint", endpoint.name), ("version", variant.label), ("role", variant.definition.role.rawValue)],
          variant.counters.counts)
      }
    }
  }

  private static func writeErrors(_ endpoints: [LoadedEndpoint], to text: inout MetricsText) {
    let name = "martlet_scoring_errors_total"
    text.begin(name, "counter", "Rows a version could not answer, by kind of failure.")
    forEachVariant(endpoints) { labels, counts in
      for (kind, count) in counts.errors.sorted(by: { $0.key < $1.key }) {
        text.sample(name, labels + [("kind", kind)], Double(count))
      }
    }
  }

  private static func writeMissing(_ endpoints: [LoadedEndpoint], to text: inout MetricsText) {
    let name = "martlet_scoring_missing_values_total"
    text.begin(name, "counter", "Rows in which an input of the model was missing.")
    forEachVariant(endpoints) { labels, counts in
      for (input, count) in counts.missing.sorted(by: { $0.key < $1.key }) {
        text.sample(name, labels + [("feature", input)], Double(count))
      }
    }
  }

  private static func writeRefused(_ endpoints: [LoadedEndpoint], to text: inout MetricsText) {
    let name = "martlet_scoring_refused_requests_total"
    text.begin(name, "counter", "Requests an endpoint refused, by HTTP status.")
    for endpoint in endpoints {
      for (status, count) in endpoint.refusals.byStatus.sorted(by: { $0.key < $1.key }) {
        text.sample(name, [("endpoint", endpoint.name), ("status", status)], Double(count))
      }
    }
  }

  /// Bounds of the histogram in microseconds; the buckets inside are finer.
  private static let bounds = [
    50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
  ]

  private static func writeLatency(_ endpoints: [LoadedEndpoint], to text: inout MetricsText) {
    let name = "martlet_scoring_latency_seconds"
    text.begin(name, "histogram", "Time from the whole request read to the answer ready.")
    forEachVariant(endpoints) { labels, counts in
      let total = counts.latency.reduce(0, +)
      for bound in bounds {
        let below = counts.latency.indices.reduce(0) {
          LatencyBuckets.upperBound(of: $1) <= bound ? $0 + counts.latency[$1] : $0
        }
        text.sample(name + "_bucket", labels + [("le", "\(Double(bound) / 1e6)")], Double(below))
      }
      text.sample(name + "_bucket", labels + [("le", "+Inf")], Double(total))
      text.sample(name + "_sum", labels, Double(counts.latencySum) / 1e6)
      text.sample(name + "_count", labels, Double(total))
    }
  }

  private static func writeLog(_ plane: ScoringPlane, to text: inout MetricsText) {
    let counts = plane.log.counts
    text.begin("martlet_scoring_log_written_total", "counter", "Predictions written to the log.")
    text.sample("martlet_scoring_log_written_total", [], Double(counts.written))
    text.begin("martlet_scoring_log_dropped_total", "counter", "Predictions the log could not take.")
    text.sample("martlet_scoring_log_dropped_total", [], Double(counts.dropped))
    text.begin("martlet_scoring_configuration_epoch", "gauge", "Number of the configuration in force.")
    text.sample("martlet_scoring_configuration_epoch", [], Double(plane.epoch))
  }
}

/// Writes Prometheus' text exposition format.
struct MetricsText {
  private(set) var text = ""

  mutating func begin(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Double) {
    let pairs = labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
    let number = Int64(exactly: value).map(String.init) ?? value.description
    text += labels.isEmpty ? "\(name) \(number)\n" : "\(name){\(pairs)} \(number)\n"
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}

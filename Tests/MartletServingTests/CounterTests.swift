import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import NIOCore
import Testing

@testable import MartletServing

@Suite("Counters and metrics")
struct CounterTests {
  @Test("Latency buckets cover every duration once, and are never wider than a sixteenth")
  func buckets() {
    var last = -1
    for microseconds in Array(0..<5000) + stride(from: 5000, to: 200_000_000, by: 99_991) {
      let bucket = LatencyBuckets.bucket(of: microseconds)
      #expect(bucket >= last && bucket < LatencyBuckets.count)
      last = bucket
      guard bucket < LatencyBuckets.count - 1 else { continue }
      let upper = LatencyBuckets.upperBound(of: bucket)
      #expect(upper >= microseconds && Double(upper) <= Double(microseconds) * 1.0626 + 1)
    }
  }

  @Test("A quantile is the bound that the share does not pass")
  func quantiles() {
    var counts = [Int](repeating: 0, count: LatencyBuckets.count)
    for microseconds in 1...1000 { counts[LatencyBuckets.bucket(of: microseconds)] += 1 }
    let p99 = LatencyBuckets.quantile(0.99, of: counts) ?? 0
    #expect((990...1056).contains(p99))
    #expect(LatencyBuckets.quantile(0.5, of: [0, 0]) == nil)
  }

  @Test("Counters begin anew with the endpoint's epoch, and go on while it stays")
  func beginsAnew() async throws {
    let test = try TestPlane()
    defer { test.close() }
    let variant = try test.variant(1, TestPlane.simple)
    try test.apply(epoch: 1, [variant])
    try await test.application.test(.router) { client async throws -> Void in
      let body = #"{"inputs": {"a": [1, null], "b": ["x", null]}}"#
      _ = try await client.predict(body)
      #expect(test.plane.state.endpoints[0].variants[0].counts.rows == 2)
      #expect(test.plane.state.endpoints[0].variants[0].counts.missing == ["a": 1, "b": 1])
      try test.apply(epoch: 2, [variant])
      #expect(test.plane.state.endpoints[0].variants[0].counts.rows == 0)
      _ = try await client.predict(body)
      #expect(test.plane.state.endpoints[0].variants[0].counts.rows == 2)
      #expect(test.plane.state.endpoints[0].variants[0].counts.latency.reduce(0, +) == 1)
      _ = try await client.predict("{")
      #expect(test.plane.state.endpoints[0].refused["400"] == 1)
      let metrics = try await client.execute(uri: "/metrics", method: .get) { String(buffer: $0.body) }
      #expect(metrics.contains(#"martlet_scoring_rows_total{endpoint="e",version="m@1",role="champion"} 4"#))
    }
  }

  @Test("Prometheus' own tool finds nothing wrong with /metrics")
  func satisfiesPromtool() async throws {
    let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
    let tool = try #require(promtool, "promtool is not installed: apt-get install prometheus")
    let test = try TestPlane()
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)])
    try await test.application.test(.router) { client async throws -> Void in
      _ = try await client.predict(#"{"inputs": {"a": [1], "b": ["x"]}}"#)
      let text = try await client.execute(uri: "/metrics", method: .get) { String(buffer: $0.body) }
      let file = test.data + "/metrics.txt"
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "\(tool) check metrics < \(file) > \(file).out 2>&1"]
      try process.run()
      process.waitUntilExit()
      let said = try String(contentsOfFile: file + ".out", encoding: .utf8)
      #expect(process.terminationStatus == 0, "\(said)")
    }
  }
}

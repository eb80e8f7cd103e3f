import Testing

@testable import MartletServer

@Suite("Measures in Prometheus' text format")
struct MetricsTextTests {
  @Test("Labels are escaped and whole numbers stay whole")
  func labels() {
    var text = MetricsText()
    text.add("martlet_things", .gauge, "Things.", [([("name", "a\"b\\c\nd")], 3), ([], 0.5)])
    #expect(
      text.text
        == "# HELP martlet_things Things.\n# TYPE martlet_things gauge\nmartlet_things{name=\"a\\\"b\\\\c\\nd\"} 3\nmartlet_things 0.5\n"
    )
  }

  @Test("A histogram's buckets add up, over all statuses of a route")
  func histogram() {
    let measures = RequestMeasures()
    measures.record(method: "GET", route: "/a", status: 200, duration: .milliseconds(2))
    measures.record(method: "GET", route: "/a", status: 404, duration: .milliseconds(30))
    measures.record(method: "BREW", route: "/a", status: 404, duration: .seconds(60))
    var text = MetricsText()
    text.add(measures)
    #expect(text.text.contains("martlet_http_requests_total{method=\"GET\",route=\"/a\",status=\"404\"} 1"))
    #expect(
      text.text.contains("martlet_http_request_duration_seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.0025\"} 1"))
    #expect(
      text.text.contains("martlet_http_request_duration_seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.05\"} 2"))
    #expect(
      text.text.contains("martlet_http_request_duration_seconds_bucket{method=\"other\",route=\"/a\",le=\"+Inf\"} 1"))
    #expect(text.text.contains("martlet_http_request_duration_seconds_count{method=\"GET\",route=\"/a\"} 2"))
  }
}

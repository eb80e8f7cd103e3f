import Foundation
import MartletCore
import MartletLifecycle
import MartletMonitoring
import MartletPipelines
import MartletRegistry
import MartletServing
import MartletTracking
import Testing

@testable import MartletWeb

@Suite("Pages")
struct PagesTests {
  static let lists = [
    "/", "/data", "/pipelines", "/experiments", "/models", "/endpoints", "/alerts", "/alerts?all=1", "/audit",
    "/search",
  ]

  @Test("Every list page answers on a server where nothing happened yet, and says how to begin", arguments: lists)
  func emptyServer(path: String) async throws {
    let answer = try await PageWorld().get(path)
    #expect(answer.status == 200)
    #expect(answer.html.contains("<!doctype html>"))
    #expect(answer.html.contains(#"<html lang="en""#))
  }

  @Test("Every page of a furnished server shows its main facts and no trace of a template")
  func furnished() async throws {
    let world = try await PageWorld.furnished()
    let expected = [
      "/": [
        "flight-delay", "Needs you", "psi(prediction) is 0.31", "−22,800", "USD per 1,000 decisions",
        "−21,034 in training", "missed_per_1000",
      ],
      "/endpoints": ["flight-delay@2", "8"],
      "/endpoints/flight-delay": [
        "promoted", "rolled back", "air_time is missing in 100 %", "7 quiet, 1 with an alert", "does not answer",
      ],
      "/models": ["champion → 2"],
      "/models/flight-delay": ["version 2", "version 1", "ROC AUC by version"],
      "/models/flight-delay/2": [
        "0.018", "pr_auc &gt;= champion.pr_auc - 0.002 at 95%", "the difference is surely below", "Calibration",
        "origin_recent_delay",
        "wind_speed", "with uncommitted changes", "Lineage of flight-delay@2", "baseline: constant", "By carrier",
      ],
      "/experiments": ["flight-delay"],
      "/experiments/1": ["trial-0", "trial-1", "leaves", "roc_auc"],
      "/alerts": ["ops@example.com", "Acknowledge"],
      "/audit": ["model.version.registered", "deployment.rolled_back"],
      "/audit?verify=1": ["Intact:"],
      "/search?q=flight": ["endpoint", "model", "experiment"],
    ]
    for (path, texts) in expected {
      let answer = try await world.get(path)
      #expect(answer.status == 200, "\(path)")
      for text in texts { #expect(answer.html.contains(text), "\(path) shows '\(text)'") }
      for trace in ["{{", "}}", "Optional(", "nil</"] {
        #expect(!answer.html.contains(trace), "\(path) has '\(trace)'")
      }
    }
  }

  @Test("What people write is shown as text, never as markup")
  func escaping() async throws {
    let world = try await PageWorld.furnished()
    for path in ["/alerts", "/", "/audit", "/endpoints/flight-delay"] {
      #expect(!(try await world.get(path)).html.contains("<script>alert"), "\(path)")
    }
    let search = try await world.get("/search?q=%3Cscript%3Ealert(1)%3C/script%3E")
    #expect(search.html.contains("&lt;script&gt;alert(1)"))
    #expect(!search.html.contains("<script>alert"))
  }

  @Test("An alert is acknowledged by a plain form, which leads back to the list and is recorded")
  func acknowledging() async throws {
    let world = try await PageWorld.furnished()
    let alert = try #require(try await world.platform.alerts.alerts().first)
    let answer = try await world.post("/alerts/\(alert.id)/acknowledge", "reason=on+it")
    #expect(answer.status == 303)
    #expect(answer.location == "/alerts")
    #expect(try await world.platform.alerts.alert(alert.id).acknowledgedBy == "ada")
    #expect(try await world.get("/alerts").html.contains("No open alerts"))
    #expect(try await world.get("/audit").html.contains("on it"))
  }

  @Test("A form of another type is refused and changes nothing")
  func formType() async throws {
    let world = try await PageWorld.furnished()
    let alert = try #require(try await world.platform.alerts.alerts().first)
    let answer = try await world.post("/alerts/nobody/acknowledge")
    #expect(answer.status == 404)
    #expect(try await world.platform.alerts.alert(alert.id).acknowledgedBy == nil)
  }

  @Test("A filter that cannot be read is shown with what is wrong, beside the form")
  func badFilter() async throws {
    let world = try await PageWorld.furnished()
    let bad = try await world.get("/experiments/1?filter=metrics.roc_auc+%3E%3E+nonsense")
    #expect(bad.status == 200)
    #expect(bad.html.contains(#"role="alert""#))
    let good = try await world.get("/experiments/1?filter=metrics.roc_auc+%3E+0.71")
    #expect(good.html.contains("trial-1"))
    #expect(!good.html.contains("trial-0"))
    let sorted = try await world.get("/experiments/1?order=metrics.%60roc_auc%60+DESC")
    #expect(sorted.html.contains(#"aria-sort="descending""#))
  }

  @Test("Runs are compared beside each other: what differs is marked, their courses stand in one picture")
  func comparison() async throws {
    let world = try await PageWorld.furnished()
    let runs = try await world.platform.tracker.searchRuns(
      RunQuery(experiments: ["1"], filter: "params.engine = 'lightgbm'", orderBy: ["attributes.run_name ASC"])
    ).items
    let query = runs.map { "run=\($0.id)" }.joined(separator: "&")
    let html = try await world.get("/compare?\(query)").html
    for text in [
      #"<tr class="marked"><td><code>leaves"#, "<tr><td><code>engine", "trial-0: 30 points", "trial-1: 30 points",
    ] {
      #expect(html.contains(text), "\(text)")
    }
    let differences = try await world.get("/compare?\(query)&differs=1").html
    #expect(differences.contains("leaves"))
    #expect(!differences.contains("<code>engine"))
    #expect(try await world.get("/compare?run=\(runs[0].id)").status == 400)
    #expect(try await world.get("/compare?run=\(runs[0].id)&run=nope").status == 404)
    #expect(try await world.get("/experiments/1").html.contains("Compare trial-0"))
  }

  @Test("An endpoint can be returned to its former version from its page, with a reason and not without")
  func rollback() async throws {
    let world = try await PageWorld.furnished()
    let html = try await world.get("/endpoints/flight-delay").html
    #expect(html.contains("Return to flight-delay@1"))
    #expect(html.contains("flight-delay@1 answers all of the traffic at once, in the place of flight-delay@2."))
    for form in ["", "reason=", "reason=++"] {
      #expect(try await world.post("/endpoints/flight-delay/rollback", form).status == 400)
    }
    #expect(try await world.platform.deployments.endpoint("flight-delay").rollout.champion?.modelVersion.version == 2)
    #expect(try await world.post("/endpoints/nope/rollback", "reason=x").status == 404)
  }

  @Test("A run's page has its courses as pictures and tables, its artifacts, and its place in the search")
  func runPage() async throws {
    let world = try await PageWorld.furnished()
    let version = try await world.platform.registry.version(ModelVersionID(model: "flight-delay", version: 2))
    let run = try #require(version.run)
    let html = try await world.get("/runs/\(run)").html
    for text in [
      "chart-loss", "As a table", "model/model.txt", "Part of", "Registered as", "&lt;b&gt;careful", "data-plot",
    ] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(try await world.get("/search?q=\(run)").location == "/runs/\(run)")
  }

  @Test("A model version is found under its name with @ too")
  func versionByName() async throws {
    #expect(try await PageWorld.furnished().get("/models/flight-delay@2").location == "/models/flight-delay/2")
  }

  @Test("A pipeline run shows its graph, why each step ran, its log, and what failed with cause and fix")
  func pipelineRun() async throws {
    let world = try await PageWorld.furnished()
    let run = try await world.addPipelineRun()
    let html = try await world.get("/pipelines/\(run.id)").html
    for text in [
      "#step-count", "counting rows", "the file is empty", "step-report", "skipped", "role=\"alert\"",
      "1 of 3 steps done",
    ] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(!html.contains("data-refresh"))
    #expect(try await world.get("/pipelines").html.contains("flight-delay #1"))
  }

  @Test("A dataset's page shows what is held back with the rule it broke, charts, lineage and the upload's name")
  func datasetPage() async throws {
    let world = try await PageWorld.furnished()
    try await world.addData()
    let html = try await world.get("/data/flight-delay/flights").html
    for text in [
      "1 partition held back", "kilometres &lt;b&gt;.csv", "mean(distance)", "out of control", "january.csv",
      "feature view", "public domain",
      "Points of mean(distance)", "Monday", "Release 2013-02-02",
    ] { #expect(html.contains(text), "\(text)") }
    let partition = try await world.get("/data/flight-delay/flights/partitions/2013-02-02").html
    #expect(partition.contains("held back"))
    #expect(try await world.get("/data/flight-delay/flights/profile").html.contains("Histogram of distance"))
    #expect(try await world.get("/data/flight-delay/flights/preview").html.contains("2013-01-01-0"))
    // The alert about it says the same, so that only one of the two stands on the home page.
    _ = try await world.platform.alerts.raise(
      project: PageWorld.project, subject: "dataset:flight-delay/flights", kind: "data", severity: .error, owner: nil,
      reason: "partition 2013-02-02 of flight-delay/flights is quarantined: mean(distance)", key: "held", at: world.now)
    let home = try await world.get("/").html
    #expect(home.contains("flights 2013-02-02"))
    #expect(home.ranges(of: "is quarantined").count == 1, "only among the latest changes")
    #expect(home.contains(#"Needs you <span class="badge bad">2</span>"#))
    let released = try await world.post("/data/flight-delay/flights/quarantine/2013-02-02/release", "reason=")
    #expect(released.status == 400)
    let reasoned = try await world.post(
      "/data/flight-delay/flights/quarantine/2013-02-02/release", "reason=kilometres+are+right")
    #expect(reasoned.location == "/data/flight-delay/flights")
    #expect(!(try await world.get("/data/flight-delay/flights").html).contains("Held back:"))
  }

  @Test(
    "What is not there is a page that says what, why and what to do",
    arguments: [
      "/runs/nope", "/models/nope", "/models/flight-delay/99", "/models/flight-delay/one", "/endpoints/nope",
      "/pipelines/nope",
      "/experiments/99", "/data/a/b", "/data/a/b/partitions/c",
    ])
  func missing(path: String) async throws {
    let answer = try await PageWorld.furnished().get(path)
    #expect(answer.status == 404)
    #expect(answer.html.contains("Not here"))
  }

  /// Writes all pages of a furnished server to `MARTLET_PAGES`, to be looked at in a browser.
  @Test("The gallery", .enabled(if: ProcessInfo.processInfo.environment["MARTLET_PAGES"] != nil))
  func gallery() async throws {
    let folder = try #require(ProcessInfo.processInfo.environment["MARTLET_PAGES"])
    let world = try await PageWorld.furnished()
    try await world.addData()
    let run = try await world.addPipelineRun()
    let version = try await world.platform.registry.version(ModelVersionID(model: "flight-delay", version: 2))
    let paths =
      Self.lists + [
        "/endpoints/flight-delay", "/models/flight-delay", "/models/flight-delay/2", "/experiments/1",
        "/runs/\(version.run?.text ?? "")",
        "/pipelines/\(run.id)", "/data/flight-delay/flights", "/data/flight-delay/flights/profile",
        "/data/flight-delay/flights/preview",
        "/data/flight-delay/flights/partitions/2013-02-02", "/models/nope", "/search?q=flight", "/audit?verify=1",
      ]
    for path in paths {
      let name = path == "/" ? "home" : path.dropFirst().replacing("/", with: "_").replacing("?", with: "_")
      try await world.get(path).html.write(toFile: "\(folder)/\(name).html", atomically: true, encoding: .utf8)
    }
  }
}

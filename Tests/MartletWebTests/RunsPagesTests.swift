import Foundation
import MartletArtifacts
import MartletCore
import MartletLifecycle
import MartletRegistry
import MartletTracking
import Testing

@testable import MartletWeb

@Suite("Pages of experiments and runs")
struct RunsPagesTests {
  /// An experiment with runs over two depths and three seeds.
  private func world() async throws -> (PageWorld, ExperimentID, [RunID]) {
    let world = try await PageWorld()
    let tracker = world.platform.tracker
    let experiment = try await tracker.createExperiment(named: "seeds", by: world.author)
    var runs: [RunID] = []
    for (number, depth) in ["4", "4", "4", "8", "8", "8"].enumerated() {
      let run = try await tracker.createRun(
        NewRun(experiment: experiment, name: "depth-\(depth)-seed-\(number % 3)", startTime: Int64(number)),
        by: world.author)
      let course = (0..<20).map {
        Metric(key: "loss", value: 1 / Double($0 + 1 + number), timestamp: Int64($0), step: Int64($0))
      }
      try await tracker.logBatch(
        run.id, metrics: course + [Metric(key: "auc", value: 0.7 + Double(number) / 100, timestamp: 1)],
        params: [KeyValue("depth", depth), KeyValue("seed", "\(number % 3)"), KeyValue("engine", "gbm")],
        tags: [KeyValue("team", "desk")])
      try await tracker.endRun(run.id, as: .finished, by: world.author)
      runs.append(run.id)
    }
    return (world, experiment, runs)
  }

  @Test("Columns are chosen in the address; those in which all runs agree can be left out")
  func columns() async throws {
    let (world, experiment, _) = try await world()
    let chosen = try await world.get("/experiments/\(experiment)?columns=tags.team&columns=metrics.auc,params.engine")
      .html
    for text in ["<th scope=\"col\" class=\"nowrap\"><a", ">desk<", "0.75", ">gbm<", "3 columns chosen"] {
      #expect(chosen.contains(text), "\(text)")
    }
    let differing = try await world.get(
      "/experiments/\(experiment)?columns=tags.team&columns=metrics.auc,params.engine&differs=1"
    ).html
    #expect(differing.contains("0.75"))
    #expect(!differing.contains(">gbm<"))
    #expect(!differing.contains(">desk<"))
  }

  @Test("What is wrong with the address stands beside its field, and what was typed is kept")
  func problems() async throws {
    let (world, experiment, _) = try await world()
    let wrong = [
      ("filter=metrics.auc+%3E%3E+%3Cb%3E", "filter-problem", "metrics.auc &gt;&gt; &lt;b&gt;"),
      ("order=colour", "order-problem", "value=\"colour\""), ("group=metrics.auc", "group-problem", "metrics.auc"),
      ("columns=nonsense.x", "role=\"alert\"", ""), ("page=%25%25", "role=\"alert\"", ""),
    ]
    for (query, place, kept) in wrong {
      let answer = try await world.get("/experiments/\(experiment)?\(query)")
      #expect(answer.status == 200, "\(query)")
      #expect(answer.html.contains(place), "\(query)")
      #expect(kept.isEmpty || answer.html.contains(kept), "\(query)")
      #expect(!answer.html.contains("depth-4-seed-0"), "\(query)")
      #expect(!answer.html.contains("<b>"))
    }
  }

  @Test("Runs are grouped by a parameter, with mean and spread, and each group leads to its runs")
  func groups() async throws {
    let (world, experiment, _) = try await world()
    let html = try await world.get("/experiments/\(experiment)?group=params.depth&columns=metrics.auc").html
    // 0.70, 0.71, 0.72 and 0.73, 0.74, 0.75
    for text in ["0.71 ± 0.01", "0.74 ± 0.01", "0.7 to 0.72", "params.%60depth%60%20%3D%20%274%27"] {
      #expect(html.contains(text), "\(text)")
    }
    let narrowed = try await world.get("/experiments/\(experiment)?filter=params.%60depth%60%20%3D%20%274%27").html
    #expect(narrowed.contains("3 runs match"))
  }

  @Test("A view is saved under a name by a plain form, offered as a link, and deleted")
  func savedViews() async throws {
    let (world, experiment, _) = try await world()
    let query = "filter=params.depth+%3D+%274%27"
    let saved = try await world.post(
      "/experiments/\(experiment)/views",
      "name=%3Cshallow%3E&query=\(query.replacing("%", with: "%25").replacing("=", with: "%3D").replacing("+", with: "%2B"))"
    )
    #expect(saved.status == 303)
    #expect(saved.location == "/experiments/\(experiment)?\(query)")
    let html = try await world.get("/experiments/\(experiment)").html
    #expect(
      html.contains(
        #"<a href="/experiments/\#(experiment)?\#(query.replacing("'", with: "&#39;"))">&lt;shallow&gt;</a>"#))
    #expect(try await world.post("/experiments/\(experiment)/views", "name=+&query=a").status == 400)
    let deleted = try await world.post("/experiments/\(experiment)/views/delete", "name=%3Cshallow%3E")
    #expect(deleted.location == "/experiments/\(experiment)")
    #expect(!(try await world.get("/experiments/\(experiment)").html).contains("shallow"))
  }

  @Test("Courses are smoothed, drawn logarithmically and over time, as the address says; the formula is stated")
  func curveOptions() async throws {
    let (world, _, runs) = try await world()
    let html = try await world.get("/runs/\(runs[0])?smooth=0.6&log=1&x=time").html
    for text in [
      "Smoothed: s = 0.6 s + (1 − 0.6) x", "\"type\":\"log\"", "\"type\":\"time\"", "value=\"0.6\"", "before smoothing",
    ] {
      #expect(html.contains(text), "\(text)")
    }
    for query in [
      "smooth=x", "smooth=NaN", "smooth=-1", "smooth=1e300", "charts=0", "charts=99999999999999999999", "page=-1",
      "x=y",
    ] {
      #expect(try await world.get("/runs/\(runs[0])?\(query)").status == 200, "\(query)")
    }
  }

  @Test("A thousand metrics are searched and paged; the machine's own are a group of their own")
  func manyMetrics() async throws {
    let (world, experiment, _) = try await world()
    let tracker = world.platform.tracker
    let run = try await tracker.createRun(NewRun(experiment: experiment, name: "many"), by: world.author)
    for step in 0..<2 {
      try await tracker.logBatch(
        run.id,
        metrics: (0..<990).map { Metric(key: "layer\($0)/norm", value: 1, timestamp: Int64(step), step: Int64(step)) }
          + [Metric(key: "system/cpu_percent", value: 50, timestamp: Int64(step), step: Int64(step))])
    }
    let html = try await world.get("/runs/\(run.id)").html
    for text in [
      "991 metrics", "Next metrics", "1 to 12 of 990 courses", "Next charts", "System: 1 system metric",
      "chart-system/cpu_percent",
    ] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(html.ranges(of: "<figure").count == 13)
    #expect(html.ranges(of: "chart spark").count == 12)
    #expect(html.contains("layer0/norm: 2 values from 1 to 1, last 1"))
    let found = try await world.get("/runs/\(run.id)?metric=layer98").html
    #expect(found.contains("11 metrics found"))
    #expect(!found.contains("layer1/norm"))
    #expect(try await world.get("/runs/\(run.id)?charts=2&page=2").html.contains("Previous charts"))
  }

  @Test("A long course is drawn from parts, says so, and where to look closer")
  func longCourse() async throws {
    let (world, experiment, _) = try await world()
    let tracker = world.platform.tracker
    let run = try await tracker.createRun(NewRun(experiment: experiment, name: "long"), by: world.author)
    for start in [0, 750] {
      try await tracker.logBatch(
        run.id,
        metrics: (start..<start + 750).map {
          Metric(key: "loss", value: $0 == 700 ? 99 : 1, timestamp: Int64($0), step: Int64($0))
        })
    }
    let html = try await world.get("/runs/\(run.id)").html
    for text in [
      "loss: 1,500 points in 250 parts from 1 to 99", "data-curves", "/curve?key=loss", "class=\"band\"",
      "Parts of loss",
    ] {
      #expect(html.contains(text), "\(text)")
    }
  }

  @Test("Up to a hundred runs are compared: courses, parallel coordinates, a scatter plot, tables, code")
  func comparison() async throws {
    let (world, experiment, runs) = try await world()
    let query = runs.map { "run=\($0)" }.joined(separator: "&")
    let html = try await world.get("/compare?\(query)").html
    for text in [
      "chart-loss", "How their numbers hang together", "parallelAxis", "auc over depth", "<h2>Code</h2>",
      "depth-8-seed-2: 20 points",
    ] { #expect(html.contains(text), "\(text)") }
    let other = try await world.get(
      "/compare?\(query)&sx=metrics.loss&sy=metrics.auc&axes=params.seed,metrics.auc&differs=1&name=a"
    ).html
    #expect(other.contains("auc over loss"))
    #expect(!other.contains("<code>depth"))
    var many = runs.map(\.text)
    for _ in 0..<94 {
      many.append(try await world.platform.tracker.createRun(NewRun(experiment: experiment), by: world.author).id.text)
    }
    #expect(try await world.get("/compare?" + many.map { "run=\($0)" }.joined(separator: "&")).status == 200)
    let more =
      many + [try await world.platform.tracker.createRun(NewRun(experiment: experiment), by: world.author).id.text]
    #expect(try await world.get("/compare?" + more.map { "run=\($0)" }.joined(separator: "&")).status == 400)
    for bad in ["axes=x.y", "sx=%60", "sy=metrics"] {
      #expect(try await world.get("/compare?\(query)&\(bad)").status == 400, "\(bad)")
    }
  }

  @Test("Two runs' environments are compared line by line")
  func environments() async throws {
    let (world, _, runs) = try await world()
    for (run, text) in zip(runs, ["numpy==2.1\nscipy==1.15\n", "numpy==2.2\nscipy==1.15\n"]) {
      let blob = try await world.platform.artifacts.put(bytes: Array(text.utf8))
      try await world.platform.tracker.putArtifact(
        "model/requirements.txt", of: run, digest: blob.digest, size: blob.size)
    }
    let html = try await world.get("/compare?run=\(runs[0])&run=\(runs[1])").html
    for text in ["- numpy==2.1", "+ numpy==2.2", "  scipy==1.15"] { #expect(html.contains(text), "\(text)") }
    #expect(try await world.get("/compare?run=\(runs[2])&run=\(runs[3])").html.contains("Neither run logged"))
  }

  @Test(
    "MLflow's own addresses lead to the pages here",
    arguments: [
      ("/experiments/1/runs/abc", "/runs/abc"), ("/experiments/1/runs/abc/model-metrics", "/runs/abc"),
      ("/experiments/1/runs/abc/artifacts/model/MLmodel", "/runs/abc"), ("/experiments/1/runs", "/experiments/1"),
      ("/experiments/1/models/m-7", "/logged-models/m-7"), ("/models/delay/versions/3", "/models/delay/3"),
      ("/compare-runs?runs=%5B%22a%22,%22b%22%5D&experiments=%5B%221%22%5D", "/compare?run=a&run=b"),
      ("/compare-runs?runs=%5B%22a%22%5D", "/runs/a"),
      (
        "/compare-model-versions?name=%22delay%22&runs=%7B%22a%22:%221%22,%22b%22:%222%22%7D",
        "/compare-versions?name=delay&version=1&version=2"
      ),
    ])
  func mlflowAddresses(address: String, page: String) async throws {
    let answer = try await PageWorld().get(address)
    #expect(answer.status == 303)
    #expect(answer.location == page)
  }

  @Test("An address of MLflow's that names nothing is a 400 or 404, and its own names of filter and order are read")
  func strangeMLflowAddresses() async throws {
    let (world, experiment, _) = try await world()
    for path in [
      "/compare-runs", "/compare-runs?runs=%7B", "/compare-model-versions?name=x", "/models/delay/versions/x",
    ] {
      #expect([400, 404].contains(try await world.get(path).status), "\(path)")
    }
    let html = try await world.get(
      "/experiments/\(experiment)?searchFilter=metrics.auc+%3E+0.74&orderByKey=metrics.%60auc%60&orderByAsc=true"
    ).html
    #expect(html.contains("1 run match"))
    #expect(html.contains(#"aria-sort="ascending""#))
  }
}

import MartletCore
package import MartletTracking

/// Metric points of a running server: one request for a metric of many runs where they are few, pages where a run has
/// many.
extension ServerSource {
  private static let runsInRequest = 50
  /// A server gives no more points than these of many runs, and does not say whether there are others.
  private static let pointsOfMany = 25_000
  private static let page = 10_000

  package func forEachSeries(of runs: [ImportedRun], _ body: ([ImportedSeries]) async throws -> Void) async throws {
    for (key, ids) in try await metrics(of: runs).sorted(by: { $0.key < $1.key }) {
      for start in stride(from: 0, to: ids.count, by: Self.runsInRequest) {
        let some = Array(ids[start..<min(start + Self.runsInRequest, ids.count)])
        if let series = try await few(key, of: some) {
          try await body(series)
        } else {
          for id in some { try await history(of: id, key, body) }
        }
      }
    }
  }

  /// The metrics' names, and which of these runs have each.
  private func metrics(of runs: [ImportedRun]) async throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    for run in try await read(runs) {
      guard let id = run["info"]?["run_id"]?.string else { continue }
      for metric in run["data"]?["metrics"]?.array ?? [] {
        if let key = metric["key"]?.string { found[key, default: []].append(id) }
      }
    }
    return found
  }

  /// These runs once more, in one request where the server knows how to search for ids.
  private func read(_ runs: [ImportedRun]) async throws -> [JSON] {
    guard let experiment = runs.first?.experiment else { return [] }
    let ids = runs.map { "'\($0.id)'" }.joined(separator: ", ")
    var found: [JSON] = []
    do {
      try await pages(
        "/runs/search",
        [
          "experiment_ids": [.string(experiment)], "run_view_type": "ALL", "max_results": .integer(Int64(runs.count)),
          "filter": .string("attributes.run_id IN (\(ids))"),
        ]
      ) { found += $0["runs"]?.array ?? [] }
    } catch let error as MartletError where error.code == .invalidInput {
      found = []
      for run in runs {
        let answer = try await client.get(Self.root + "/runs/get", [("run_id", run.id)])
        if let run = answer["run"] { found.append(run) }
      }
    }
    return found
  }

  /// A metric of several runs at once; nil when there may be more than the server told, when it cannot be asked so, or
  /// when it writes numbers that are none in JSON.
  private func few(_ key: String, of runs: [String]) async throws -> [ImportedSeries]? {
    guard runs.count > 1 else { return nil }
    let query = runs.map { ("run_id", $0) } + [("metric_key", key), ("max_results", String(Self.pointsOfMany))]
    guard
      let answer = try? await client.get(
        "/ajax-api/2.0/mlflow/metrics/get-history-bulk", query, as: PointsAnswer.self)
    else { return nil }
    let points = answer.metrics ?? []
    guard points.count < Self.pointsOfMany else { return nil }
    var gatherer = SeriesGatherer()
    for point in points {
      guard let run = point.run else { return nil }
      gatherer.add(run: run, key: key, step: point.step, timestamp: point.timestamp, value: point.value)
    }
    return gatherer.take()
  }

  private func history(of run: String, _ key: String, _ body: ([ImportedSeries]) async throws -> Void) async throws {
    var token: String?
    repeat {
      var query = [("run_id", run), ("run_uuid", run), ("metric_key", key), ("max_results", String(Self.page))]
      if let token { query.append(("page_token", token)) }
      let page = try await client.get(Self.root + "/metrics/get-history", query, as: PointsAnswer.self)
      var series = ImportedSeries(run: run, key: key)
      for point in page.metrics ?? [] {
        series.append(step: point.step, timestamp: point.timestamp, value: point.value)
      }
      try await body([series])
      token = page.nextPageToken.nonEmpty
    } while token != nil
  }
}

/// Metric points as the server writes them: numbers, or texts where JSON has no such number.
private struct PointsAnswer: Decodable {
  var metrics: [Point]?
  var nextPageToken: String?

  struct Point: Decodable {
    /// Where several runs were asked for.
    var run: String?
    var step: Int64
    var timestamp: Int64
    var value: Double

    private enum CodingKeys: String, CodingKey {
      case runId, step, timestamp, value
    }

    init(from decoder: any Decoder) throws {
      let members = try decoder.container(keyedBy: CodingKeys.self)
      func whole(_ key: CodingKeys) throws -> Int64 {
        if let number = try? members.decodeIfPresent(Int64.self, forKey: key) { return number }
        return try members.decodeIfPresent(String.self, forKey: key).flatMap { Int64($0) } ?? 0
      }
      run = try members.decodeIfPresent(String.self, forKey: .runId)
      step = try whole(.step)
      timestamp = try whole(.timestamp)
      value = try members.decodeIfPresent(Double.self, forKey: .value) ?? 0
    }
  }
}

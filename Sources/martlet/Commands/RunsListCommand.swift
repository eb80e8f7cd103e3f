import ArgumentParser
import Foundation
import MartletCore
import MartletTracking

struct RunsListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Runs: filtered, ordered, grouped, with the columns that matter.",
    discussion: """
      EXAMPLE
        martlet runs list --filter "metrics.roc_auc > 0.7" --order "metrics.roc_auc desc" --columns metrics.roc_auc,params.depth
        martlet runs list --experiment flight-delay --group-by params.seed --columns metrics.roc_auc
      """, aliases: ["search"])

  @Option(help: "Only of this experiment, by name or id.") var experiment: String?
  @OptionGroup var look: RunsLook
  @Option(help: "A metric to show as a column; may be repeated.") var metric: [String] = []
  @Option(help: "A saved view of the experiment to begin with; other options come before it.") var view: String?
  @Option(help: "At most this many runs.") var limit = 50
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let look = try await effectiveLook(session)
    let chosen = try look.chosenColumns() + metric.map { RunColumn(.metric, $0) }
    if let group = look.groupBy { return try await showGroups(session, look, by: group, chosen) }
    let runs = try await session.client.items(
      "/runs", query: ["experiment": experiment, "filter": look.filter, "order_by": look.order], limit: limit)
    let columns = look.onlyDiffers ? RunColumns.differing(chosen, in: runs) : chosen
    session.output.list(runs, RunColumns.fixed + columns.map(RunColumns.column), link: session.page(page(look)))
  }

  /// The saved view, with what was said on the command line instead of its own.
  private func effectiveLook(_ session: Session) async throws -> RunsLook {
    guard let view else { return look }
    guard let experiment else {
      throw UsageError("a saved view belongs to an experiment", fix: "add --experiment NAME")
    }
    let views = try await session.client.items("/experiments/\(APIClient.escape(experiment))/views")
    guard let saved = views.first(where: { $0["name"]?.string == view })?["query"]?.string else {
      throw MartletError.notFound(
        "experiment '\(experiment)' has no saved view '\(view)'\(didYouMean(view, among: views.compactMap { $0["name"]?.string }))",
        fix: "martlet runs views list --experiment \(experiment)")
    }
    return look.completed(by: saved)
  }

  private func page(_ look: RunsLook) -> String {
    guard let experiment, Int(experiment) != nil else { return "/experiments" }
    let query = look.query
    return "/experiments/\(experiment)" + (query.isEmpty ? "" : "?\(query)")
  }

  private func showGroups(_ session: Session, _ look: RunsLook, by group: String, _ chosen: [RunColumn]) async throws {
    var metrics = chosen.filter { $0.kind == .metric }.map(\.key)
    let query = ["experiment": experiment, "filter": look.filter]
    if metrics.isEmpty {
      let some = try await session.client.items("/runs", query: query, limit: 20)
      metrics = Array(Set(some.flatMap { ($0["metrics"]?.object ?? [:]).keys }).sorted().prefix(4))
    }
    let written = metrics.compactMap { RunColumn(.metric, $0).reference }.joined(separator: ",")
    let groups = try await session.client.items(
      "/run-groups", query: query.merging(["by": group, "metrics": written]) { $1 })
    let spread = metrics.flatMap { key in
      [("", "mean"), (" ±", "deviation"), (" MIN", "low"), (" MAX", "high")].map { sign, field in
        Column(key.uppercased() + sign, path: ["metrics", key, field], number: true)
      }
    }
    session.output.list(
      groups, [.init("VALUE", "value"), .init("RUNS", "runs", number: true)] + spread, link: session.page(page(look)))
  }
}

/// How to look at runs: the same words as the page's address.
struct RunsLook: ParsableArguments {
  @Option(help: "A filter such as: metrics.roc_auc > 0.7 and params.depth = '6'.") var filter: String?
  @Option(name: [.customLong("order"), .customLong("order-by")], help: "An order such as: metrics.roc_auc desc.")
  var order: String?
  @Option(help: "Columns, separated by commas: metrics.roc_auc,params.depth,tags.team.") var columns: String?
  @Flag(help: "Only columns in which the runs differ; of all metrics and parameters when none are named.")
  var onlyDiffers = false
  @Option(help: "One row for each value of a parameter or tag, with mean and spread: params.seed.") var groupBy: String?

  func chosenColumns() throws -> [RunColumn] {
    do { return try RunColumn.list(written: columns ?? "") } catch let error as MartletError {
      throw UsageError(
        error.message, cause: "--columns \(columns ?? "")", fix: "write them as metrics.NAME, params.NAME, tags.NAME")
    }
  }

  /// What stands after the question mark of the page's address.
  var query: String {
    let named = (try? chosenColumns()) ?? []
    let pairs: [(String, String?)] =
      [("filter", filter), ("order", order), ("differs", onlyDiffers ? "1" : nil), ("group", groupBy)]
      + named.map { ("columns", $0.reference) }
    return pairs.compactMap { name, value in value.map { "\(name)=\(APIClient.escape($0))" } }.joined(separator: "&")
  }

  /// With what a saved view says where nothing was said.
  func completed(by query: String) -> RunsLook {
    var look = self
    var columns: [String] = []
    for item in URLComponents(string: "?" + query.replacing("+", with: "%20"))?.queryItems ?? [] {
      switch item.name {
      case "filter": look.filter = look.filter ?? item.value
      case "order": look.order = look.order ?? item.value
      case "group": look.groupBy = look.groupBy ?? item.value
      case "differs": look.onlyDiffers = true
      case "columns": columns += [item.value].compactMap(\.self)
      default: break
      }
    }
    if look.columns == nil, !columns.isEmpty { look.columns = columns.joined(separator: ",") }
    return look
  }
}

/// Columns of a table of runs, as the API's JSON has them.
enum RunColumns {
  static let fixed: [Column] = [
    .init("RUN", "id"), .init("NAME", "name"), .init("EXPERIMENT", "experiment_id"), .init("STATUS", "status"),
    .init("STARTED", "started"),
  ]

  static func column(_ column: RunColumn) -> Column {
    Column(column.key.uppercased(), path: path(column), number: column.kind == .metric)
  }

  static func path(_ column: RunColumn) -> [String] {
    switch column.kind {
    case .metric: ["metrics", column.key]
    case .param: ["params", column.key]
    case .tag: ["tags", column.key]
    case .attribute: [attributes[column.key] ?? column.key]
    }
  }

  private static let attributes = [
    "run_id": "id", "run_name": "name", "user_id": "user", "start_time": "started", "end_time": "ended",
  ]

  /// Those of the named columns in which the runs differ; of all metrics and parameters when none are named.
  static func differing(_ named: [RunColumn], in runs: [JSON]) -> [RunColumn] {
    let candidates = named.isEmpty ? all(in: runs, [.metric, .param]) : named
    return candidates.filter { column in Set(runs.map { $0.value(at: path(column)) ?? .null }).count > 1 }
  }

  static func all(in runs: [JSON], _ kinds: [RunColumn.Kind]) -> [RunColumn] {
    kinds.flatMap { kind in
      let keys = Set(runs.flatMap { ($0["\(kind.rawValue)s"]?.object ?? [:]).keys })
      return keys.sorted().map { RunColumn(kind, $0) }
    }
  }
}

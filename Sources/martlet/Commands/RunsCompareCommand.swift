import ArgumentParser
import MartletCore
import MartletTracking

struct RunsCompareCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Runs beside each other: metrics, parameters, tags.",
    discussion: """
      EXAMPLE
        martlet runs compare 4f0c… 9b21… --only-differs
      """)

  @Argument(help: "Ids of two to 100 runs.") var ids: [String]
  @Flag(help: "Only rows in which the runs differ.") var onlyDiffers = false
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    guard (2...100).contains(ids.count) else {
      throw UsageError("\(ids.count) runs cannot be compared", fix: "name two to 100 runs")
    }
    var runs: [JSON] = []
    for id in ids { runs.append(try await session.client.get("/runs/\(APIClient.escape(id))")) }
    let rows = RunColumns.all(in: runs, [.metric, .param, .tag]).compactMap { row($0, runs) }
    let heads = runs.map { run in
      Column(run["name"]?.string ?? "", path: ["values", run["id"]?.string ?? ""])
    }
    session.output.list(
      rows, [.init("KIND", "kind"), .init("KEY", "key"), .init("DIFFERS", "differs")] + heads,
      link: session.page("/compare?" + ids.map { "run=\(APIClient.escape($0))" }.joined(separator: "&")))
  }

  private func row(_ column: RunColumn, _ runs: [JSON]) -> JSON? {
    let values = runs.map { $0.value(at: RunColumns.path(column)) ?? .null }
    let differs = Set(values).count > 1
    guard differs || !onlyDiffers else { return nil }
    let named = zip(runs, values).map { ($0["id"]?.string ?? "", $1) }
    return [
      "kind": .string(column.kind.rawValue), "key": .string(column.key), "differs": .boolean(differs),
      "values": .object(Dictionary(named) { first, _ in first }),
    ]
  }
}

struct RunsHistoryCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "A metric's course in few parts, however long it is; no spike is lost.",
    discussion: """
      EXAMPLE
        martlet runs history 4f0c… loss --parts 100 --smoothing 0.6 -o csv
      """)

  @Argument(help: "The run's id.") var id: String
  @Argument(help: "The metric's name.") var key: String
  @Option(help: "At most so many parts.") var parts = 50
  @Option(help: "The first step to look at.") var fromStep: Int64?
  @Option(help: "The last step to look at.") var toStep: Int64?
  @Option(help: "Weight of a moving average, 0 to 0.99.") var smoothing: Double?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let curve = try await session.client.get(
      "/runs/\(APIClient.escape(id))/curve",
      query: [
        "key": key, "parts": String(parts), "from_step": fromStep.map { String($0) },
        "to_step": toStep.map { String($0) }, "smoothing": smoothing.map { String($0) },
      ])
    let smoothed = smoothing == nil ? [] : [Column("SMOOTHED", "smoothed", number: true)]
    session.output.list(
      curve["parts"]?.array ?? [],
      [
        .init("FROM", "first_step", number: true), .init("TO", "last_step", number: true),
        .init("POINTS", "count", number: true), .init("LEAST", "low", number: true),
        .init("MEAN", "mean", number: true), .init("GREATEST", "high", number: true),
      ] + smoothed + [.init("UNTIL", "time")], link: session.page("/runs/\(id)"))
  }
}

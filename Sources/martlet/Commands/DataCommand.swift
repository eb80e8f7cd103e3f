import ArgumentParser
import MartletCore

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Datasets: versions, checks, control charts, quarantine.",
    discussion: """
      EXAMPLE
        martlet data add flights data/2013-04-01.csv --partition 2013-04-01
        martlet data charts flights
      """,
    subcommands: [
      DataListCommand.self, DataShowCommand.self, DataAddCommand.self, DataPushCommand.self, DataVersionsCommand.self,
      DataChartsCommand.self, DataQuarantineCommand.self, DataReleaseCommand.self, DataPreviewCommand.self,
      DataProfileCommand.self,
    ])
}

/// A dataset named on the command line, in the project at hand.
struct DatasetArgument: ParsableArguments {
  @Argument(help: "The dataset's name.")
  var dataset: String

  func path(_ session: Session, _ rest: String = "") throws -> String {
    try session.projectPath("/datasets/\(APIClient.escape(dataset))\(rest)")
  }

  func page(_ session: Session, _ rest: String = "") throws -> String {
    session.page("/data/\(try session.project())/\(dataset)\(rest)")
  }
}

struct DataListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "The datasets of the project, or of all with --all.",
    discussion: """
      EXAMPLE
        martlet data list
      """)

  @Flag(help: "Datasets of every project.") var all = false
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let path = all ? "/datasets" : try session.projectPath("/datasets")
    try await session.list(
      path,
      [
        .init("PROJECT", "project"), .init("DATASET", "name"), .init("ROWS", "rows", number: true),
        .init("PARTITIONS", "partitions", number: true), .init("VERSION", "version"), .init("UPDATED", "updated"),
        .init("QUARANTINED", "quarantined", number: true),
      ], page: "/data")
  }
}

struct DataShowCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One dataset: its card, schema and newest version.",
    discussion: """
      EXAMPLE
        martlet data show flights
      """)

  @OptionGroup var target: DatasetArgument
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let dataset = try await session.client.get(target.path(session))
    session.output.item(
      dataset,
      [
        .init("dataset", "name"), .init("project", "project"), .init("version", "version"), .init("rows", "rows"),
        .init("partitions", "partitions"), .init("first", "first_partition"), .init("last", "last_partition"),
        .init("owner", "definition.card.owner"), .init("purpose", "definition.card.purpose"),
        .init("terms", "definition.card.terms"),
        .init("updated", "updated"), .init("quarantined", "quarantined"), .init("tail rows", "tail_rows"),
      ], link: try target.page(session))
  }
}

struct DataAddCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Deliver a file: it is checked, and committed as a version or quarantined.",
    discussion: """
      EXAMPLE
        martlet data add flights data/2013-04-01.csv --partition 2013-04-01

      Without --partition the file's rows decide which partitions they belong to.
      A delivery that fails a check exits with 5 and says which rows failed.
      """)

  @OptionGroup var target: DatasetArgument
  @Argument(help: "The file: .csv, .csv.gz, .jsonl or .parquet.", completion: .file()) var file: String
  @Option(help: "The partition that the file is, such as 2013-04-01.") var partition: String?
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let report = try await DeliveredFile(path: file, partition: partition).deliver(to: target.path(session), session)
    session.output.item(report, DeliveryColumns.report, link: try target.page(session))
    if report["state"]?.string == "quarantined" {
      throw MartletError(
        .checkFailed, "the delivery to '\(target.dataset)' is quarantined", cause: DeliveryColumns.reason(report),
        fix: "see the rows: martlet data quarantine \(target.dataset)")
    }
  }
}

struct DataPushCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "push", abstract: "Append rows to a dataset's live tail.",
    discussion: """
      EXAMPLE
        martlet data push weather new-observations.csv
      """)

  @OptionGroup var target: DatasetArgument
  @Argument(help: "The file: .csv or .jsonl.", completion: .file()) var file: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let report = try await session.client.upload(
      .post, target.path(session, "/rows"), file: file, mediaType: DeliveredFile.mediaType(file))
    session.output.item(
      report, [.init("rows", "rows"), .init("tail rows", "tail_rows"), .init("refused", "refused")],
      link: try target.page(session))
  }
}

struct DataVersionsCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "versions", abstract: "A dataset's versions, newest first.",
    discussion: """
      EXAMPLE
        martlet data versions flights
      """)

  @OptionGroup var target: DatasetArgument
  @Option(help: "At most this many.") var limit = 50
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      target.path(session, "/versions"),
      [
        .init("VERSION", "id"), .init("NUMBER", "number", number: true), .init("CREATED", "created"),
        .init("ROWS", "rows", number: true),
        .init("PARTITIONS", "partitions", number: true), .init("ADDED", "changes.added"),
        .init("REPLACED", "changes.replaced"),
      ], limit: limit, page: "/data/\(try session.project())/\(target.dataset)")
  }
}

struct DataChartsCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "charts", abstract: "A dataset's control charts and the points out of control.",
    discussion: """
      EXAMPLE
        martlet data charts flights
      """)

  @OptionGroup var target: DatasetArgument
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      target.path(session, "/charts"),
      [
        .init("STATISTIC", "stat"), .init("CHART", "chart"), .init("POINTS", "points", number: true),
        .init("CENTRE", "center", number: true),
        .init("LOWER", "lower", number: true), .init("UPPER", "upper", number: true),
        .init("SIGNALS", "signals", number: true),
        .init("LAST SIGNAL", "last_signal"),
      ], page: "/data/\(try session.project())/\(target.dataset)")
  }
}

struct DataQuarantineCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "quarantine", abstract: "Deliveries that failed a check, and why.",
    discussion: """
      EXAMPLE
        martlet data quarantine flights
      """)

  @OptionGroup var target: DatasetArgument
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      target.path(session, "/quarantine"),
      [
        .init("PARTITION", "partition"), .init("DELIVERED", "delivered"), .init("ROWS", "rows", number: true),
        .init("REASON", "reason"),
      ], page: "/data/\(try session.project())/\(target.dataset)")
  }
}

struct DataReleaseCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Accept a quarantined partition as it is, with a reason.",
    discussion: """
      EXAMPLE
        martlet data release flights 2013-02-09 --reason "the blizzard was real"
      """)

  @OptionGroup var target: DatasetArgument
  @Argument(help: "The partition.") var partition: String
  @Option(help: "Why it is right after all; it goes into the ledger.") var reason: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let report = try await session.client.send(
      .post, target.path(session, "/quarantine/\(APIClient.escape(partition))/release"), ["reason": .string(reason)])
    session.output.item(report, DeliveryColumns.report, link: try target.page(session))
  }
}

struct DataPreviewCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview", abstract: "The first rows of a version or of one of its partitions.",
    discussion: """
      EXAMPLE
        martlet data preview flights --partition 2013-04-01
      """)

  @OptionGroup var target: DatasetArgument
  @Option(help: "Only this partition.") var partition: String?
  @Option(help: "The version's id, or latest.") var version = "latest"
  @Option(help: "At most this many rows.") var limit = 20
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let preview = try await session.client.get(
      target.path(session, "/preview"), query: ["partition": partition, "version": version, "limit": String(limit)])
    let names = (preview["columns"]?.array ?? []).compactMap { $0["name"]?.string ?? $0.string }
    let rows = (preview["rows"]?.array ?? []).map { row -> JSON in
      guard let values = row.array else { return row }
      return .object(Dictionary(zip(names, values), uniquingKeysWith: { first, _ in first }))
    }
    session.output.list(rows, names.map { Column($0, key: $0) }, link: try target.page(session))
  }
}

struct DataProfileCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Every column's types, missing values, quantiles and commonest values.",
    discussion: """
      EXAMPLE
        martlet data profile flights
      """)

  @OptionGroup var target: DatasetArgument
  @Option(help: "The version's id, or latest.") var version = "latest"
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let profile = try await session.client.get(target.path(session, "/profile"), query: ["version": version])
    session.output.list(
      profile["columns"]?.array ?? [],
      [
        .init("COLUMN", "name"), .init("TYPE", "type"), .init("MISSING", "nulls", number: true),
        .init("DISTINCT", "distinct", number: true),
        .init("MIN", "minimum"), .init("MEDIAN", "median", number: true), .init("MAX", "maximum"),
        .init("MEAN", "mean", number: true),
      ], link: try target.page(session))
  }
}

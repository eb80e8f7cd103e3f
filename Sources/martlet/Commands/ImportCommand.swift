import ArgumentParser
import Foundation
import MartletCore
import MartletExchange
import MartletTracking

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Bring everything from another MLflow: nothing lost, nothing renamed.",
    discussion: """
      EXAMPLE
        martlet import mlflow http://mlflow.internal:5000
        martlet import mlflow sqlite:///mlflow.db --artifacts mlartifacts
        martlet import mlflow mlruns
      """,
    subcommands: [ImportMLflowCommand.self, ImportListCommand.self, ImportShowCommand.self])
}

struct ImportMLflowCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "mlflow",
    abstract: "From a running MLflow server, its database, or an mlruns folder; exit code 5 when both sides differ.",
    discussion: """
      EXAMPLE
        martlet import mlflow http://mlflow.internal:5000
        martlet import mlflow postgresql://mlflow@db.internal/mlflow --artifacts /srv/mlartifacts
        martlet import mlflow ./mlruns

      Interrupted, run it again: it goes on where it was. Ids and times are kept. Artifacts are copied and compared by
      SHA-256; those at s3:// and the like stay where they are when a database or a folder is read. At the end the
      source is read a second time and every record is compared. A database's password may stand in PGPASSWORD or
      MYSQL_PWD instead of the URL. Credentials of a server are read from MLFLOW_TRACKING_USERNAME and
      MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, as MLflow's own clients do.
      """)

  @Argument(help: "http://…, sqlite:///…, postgresql://…, mysql://…, the path of an SQLite file, or a folder.")
  var source: String
  @Option(help: "The folder that the source's server serves as mlflow-artifacts:/.", completion: .directory)
  var artifacts: String?
  @Flag(help: "Add to experiments of the same name; models that are here stay as they are.") var intoExisting = false
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let source = try await MLflowPlace.open(source, artifacts: artifacts)
    let line = ProgressLine(session.output)
    do {
      for remark in try await source.check() { session.output.note("\(source.name): \(remark)") }
      let (experiments, models) = (try await source.experiments(), try await source.modelNames())
      let target = try await ImportTarget.begin(
        session.client, source: source.name, intoExisting: intoExisting, experiments: experiments.map(\.name),
        models: models)
      session.output.note("import \(target.id)")
      let record = try await MLflowImport(source: source, target: target, line: line).run(
        experiments: experiments, models: models)
      line.clear()
      await source.close()
      try Comparison(theirs: record["report"]?["theirs"], ours: record["report"]?["ours"]).show(
        session, link: session.page("/experiments"))
    } catch {
      line.clear()
      await source.close()
      throw error
    }
  }
}

struct ImportListCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Imports, newest first.",
    discussion: """
      EXAMPLE
        martlet import list
      """)

  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.list(
      "/imports",
      [
        .init("ID", "id"), .init("STATE", "state"), .init("SOURCE", "source"),
        .init("RUNS", "counts.run", number: true),
        .init("UPDATED", "updated"), .init("AUTHOR", "author"),
      ])
  }
}

struct ImportShowCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One import, with the comparison of both sides at its end.",
    discussion: """
      EXAMPLE
        martlet import show 3f0a9c1d…
      """)

  @Argument(help: "The import's id.") var id: String
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let record = try await session.client.get("/imports/\(APIClient.escape(id))")
    session.output.item(
      record,
      [
        .init("import", "id"), .init("state", "state"), .init("source", "source"), .init("author", "author"),
        .init("created", "created"), .init("updated", "updated"), .init("brought", "counts"),
        .init("report", "report"),
      ], link: nil)
  }
}

/// What the user named, opened.
enum MLflowPlace {
  static func open(_ text: String, artifacts: String?) async throws -> any MLflowSource {
    let scheme = text.range(of: ":").map { String(text[..<$0.lowerBound]).lowercased() } ?? ""
    switch scheme {
    case "http", "https": return ServerSource(MLflowClient(server: text))
    case let kind where kind.hasPrefix("mssql"):
      throw MartletError.invalidInput(
        "\(kind) databases are not read directly",
        fix: "import through the running server: martlet import mlflow http://…")
    case "sqlite":
      let path = text.hasPrefix("sqlite:///") ? String(text.dropFirst("sqlite:///".count)) : ""
      return try await DatabaseSource(url: "sqlite:///" + absolute(path), artifactFolder: artifacts)
    case let kind where ["postgres", "mysql", "mariadb"].contains { kind.hasPrefix($0) }:
      return try await DatabaseSource(url: text, artifactFolder: artifacts)
    case "file": return try FolderSource(URL(string: text)?.path ?? text)
    default: return try await local(text, artifacts)
    }
  }

  /// A folder, or a file that begins as SQLite's files do.
  private static func local(_ path: String, _ artifacts: String?) async throws -> any MLflowSource {
    let handle = FileHandle(forReadingAtPath: path)
    let start = try? handle?.read(upToCount: 15)
    try? handle?.close()
    if start == Data("SQLite format 3".utf8) {
      return try await DatabaseSource(url: "sqlite:///" + absolute(path), artifactFolder: artifacts)
    }
    return try FolderSource(path)
  }

  private static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
}

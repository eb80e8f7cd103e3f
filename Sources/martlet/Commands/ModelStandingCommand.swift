import ArgumentParser
import Foundation
import MartletCore

struct ModelAliasCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alias", abstract: "Names that clients load a version under.",
    discussion: """
      EXAMPLE
        martlet model alias set champion flight-delay@3
      """,
    subcommands: [ModelAliasSetCommand.self, ModelAliasRemoveCommand.self])
}

struct ModelAliasSetCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Let an alias name a version; it no longer names another.",
    discussion: """
      EXAMPLE
        martlet model alias set champion flight-delay@3
      """)

  @Argument(help: "The alias.") var alias: String
  @OptionGroup var target: ModelArgument
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    _ = try target.versionPath()
    let model = try await session.client.send(
      .put, "/models/\(APIClient.escape(target.name))/aliases/\(APIClient.escape(alias))",
      ["version": .integer(target.version.flatMap(Int64.init) ?? 0)])
    session.output.item(
      model, [.init("model", "name"), .init("aliases", "aliases"), .init("updated", "updated")],
      link: session.page("/models/\(target.name)"))
  }
}

struct ModelAliasRemoveCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Let an alias name nothing any more.",
    discussion: """
      EXAMPLE
        martlet model alias remove candidate flight-delay
      """)

  @Argument(help: "The alias.") var alias: String
  @OptionGroup var target: ModelArgument
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    try await session.client.send(
      .delete, "/models/\(APIClient.escape(target.name))/aliases/\(APIClient.escape(alias))")
    session.output.note("@\(alias) of \(target.name) names nothing any more")
  }
}

struct ModelStageCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "stage", abstract: "Move a version to None, Staging, Production or Archived.",
    discussion: """
      EXAMPLE
        martlet model stage flight-delay@3 Production --archive-others
      """)

  @OptionGroup var target: ModelArgument
  @Argument(help: "The stage.") var stage: String
  @Flag(help: "Archive the versions that are in that stage.") var archiveOthers = false
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let version = try await session.client.send(
      .put, try target.versionPath("/stage"),
      ["stage": .string(stage.capitalized), "archive_others": .boolean(archiveOthers)])
    session.output.item(
      version,
      [.init("model", "name"), .init("version", "version"), .init("stage", "stage"), .init("aliases", "aliases")],
      link: session.page("/models/\(target.name)/\(target.version ?? "")"))
  }
}

struct ModelCompareCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Two versions beside each other: metrics, signature, data, commit, files.",
    discussion: """
      EXAMPLE
        martlet model compare flight-delay@2 flight-delay@3
      """)

  @Argument(help: "The first version: flight-delay@2.") var first: String
  @Argument(help: "The second version: flight-delay@3.") var second: String
  @Flag(help: "Only rows in which they differ.") var onlyDiffers = false
  @OptionGroup var global: GlobalOptions

  func run(_ session: Session) async throws {
    let versions = try await [version(first, session), version(second, session)]
    let parts = versions.map(Self.parts)
    let keys = Set(parts.flatMap(\.keys)).sorted()
    let rows = keys.compactMap { key -> JSON? in
      let values = parts.map { $0[key] ?? .null }
      guard values[0] != values[1] || !onlyDiffers else { return nil }
      return [
        "key": .string(key), "differs": .boolean(values[0] != values[1]), "first": values[0], "second": values[1],
      ]
    }
    session.output.list(
      rows,
      [
        .init("KEY", "key"), .init("DIFFERS", "differs"), .init(first, path: ["first"]),
        .init(second, path: ["second"]),
      ],
      link: link(session))
  }

  private func version(_ text: String, _ session: Session) async throws -> JSON {
    let halves = text.split(separator: "@", maxSplits: 1).map(String.init)
    guard halves.count == 2, Int(halves[1]) != nil else {
      throw UsageError("'\(text)' names no version", fix: "write it as \(halves.first ?? "model")@1")
    }
    return try await session.client.get("/models/\(APIClient.escape(halves[0]))/versions/\(halves[1])")
  }

  /// What is compared of a version, each under one name.
  private static func parts(_ version: JSON) -> [String: JSON] {
    var parts: [String: JSON] = [:]
    for name in ["aliases", "digest", "run_id", "signature", "stage", "tags"] { parts[name] = version[name] }
    parts["commit"] = version.value(at: ["lineage", "commit"])
    parts["data"] = version.value(at: ["lineage", "data"])
    for (key, value) in version["metrics"]?.object ?? [:] { parts["metrics.\(key)"] = value }
    for file in version["files"]?.array ?? [] {
      if let path = file["path"]?.string { parts["files.\(path)"] = file["digest"] }
    }
    return parts
  }

  private func link(_ session: Session) -> String? {
    let halves = [first, second].map { $0.split(separator: "@").map(String.init) }
    guard halves[0][0] == halves[1][0] else { return nil }
    return session.page(
      "/compare-versions?name=\(APIClient.escape(halves[0][0]))&version=\(halves[0][1])&version=\(halves[1][1])")
  }
}

import MartletCore
import MartletGovernance
import MartletRegistry
import MartletServing

extension VersionPage {
  static func deployments(_ deployments: [Deployment]) -> String? {
    guard !deployments.isEmpty else { return nil }
    return Table(
      "Deployments of this version",
      columns: [
        .init("Endpoint"), .init("What became of it"), .number("Share"), .init("Started (event time)"), .init("Ended"),
        .init("Why"),
      ],
      rows: deployments.map { deployment in
        Table.Row([
          .text(deployment.endpoint.text, link: "/endpoints/\(deployment.endpoint)"), .badge(deployment.status.badge),
          .share(deployment.share), .time(deployment.startedAt), .time(deployment.endedAt), .text(deployment.reason),
        ])
      }
    ).html
  }

  /// The project's files at the time, each by its content.
  static func sources(_ lineage: ModelLineage) -> Table {
    Table(
      "Project files", columns: [.init("File"), .init("SHA-256")],
      rows: lineage.sources.map { Table.Row([.code($0.path), .code($0.digest.hex)]) }, empty: "No files were recorded.")
  }

  /// MLflow clients write each side as text that holds JSON.
  static func signature(_ signature: JSON?) -> Table {
    func side(_ name: String) -> [JSON] {
      guard let value = signature?[name] else { return [] }
      return value.array ?? value.string.flatMap { try? JSON.parse($0) }?.array ?? []
    }
    let rows = [("input", side("inputs")), ("output", side("outputs"))].flatMap { kind, fields in
      fields.map { field in
        let isRequired = field["required"]?.boolean ?? true
        return Table.Row([
          .text(kind), .code(field["name"]?.string), .text(field["type"]?.string ?? shortText(field["tensor-spec"])),
          .text(isRequired ? "required" : "may be missing"),
        ])
      }
    }
    return Table(
      "Signature", columns: [.init("Side"), .init("Name"), .init("Type"), .init("Missing values")], rows: rows,
      empty: "The version was registered without a signature.")
  }

  static func environment(_ content: Content) -> Facts {
    var facts = Facts()
    guard let lineage = content.evidence.lineage else { return facts }
    for (name, value) in lineage.environment.sorted(by: { $0.key < $1.key }) { facts.add(name, value) }
    for (name, value) in lineage.parameters.sorted(by: { $0.key < $1.key }) { facts.add(name, words(value)) }
    facts.add("steps", lineage.steps.joined(separator: " → "))
    return facts
  }

  static func files(_ version: ModelVersion) -> Table {
    Table(
      "Files", columns: [.init("File"), .number("Size"), .init("SHA-256")],
      rows: version.files.map { file in
        let address = link(
          "/model-versions/get-artifact",
          ["name": version.id.model.text, "version": String(version.id.version), "path": file.path])
        return Table.Row([
          .text(file.path, link: address), Cell(html: escaped(readableSize(file.size))), .code(file.digest.short),
        ])
      }, empty: "This server keeps no files of the version: \(version.source)")
  }
}

extension Deployment.Status {
  var badge: Badge {
    switch self {
    case .underWay: Badge("under way", .live)
    case .promoted: Badge("promoted", .good)
    case .rolledBack: Badge("rolled back", .bad)
    }
  }
}

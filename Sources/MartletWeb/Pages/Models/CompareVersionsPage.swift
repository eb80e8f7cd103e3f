import MartletAccess
import MartletCore
import MartletGovernance
import MartletLifecycle
import MartletRegistry
import MartletTracking

/// Two versions of a model beside each other: metrics, parameters, signature, data, files.
struct CompareVersionsPage {
  /// A version with the run that made it, where this server has it.
  struct Side {
    var version: ModelVersion
    var run: Run?

    var lineage: ModelLineage? { try? version.lineage.decode() }
  }

  var name: String
  var summary: String
  var standing: String
  var metrics: String
  var params: String
  var signature: String
  var data: String
  var environment: String
  var files: String

  init(_ first: Side, _ second: Side) {
    let sides = [first, second]
    name = first.version.id.model.text
    summary = "version \(first.version.id.version) → version \(second.version.id.version)"
    standing = Self.standing(sides).html
    metrics = Self.metrics(first, second).html
    params = Self.pairs("Parameters", sides.map(Self.params)).html
    let signatures = sides.map { Self.signature($0.version) }
    signature = Self.difference(signatures[0], signatures[1])
    data = Self.pairs("Data", sides.map(Self.data)).html
    environment = Self.pairs("Environment", sides.map { $0.lineage?.environment ?? [:] }).html
    files =
      Self.pairs(
        "Files",
        sides.map { side in
          Dictionary(side.version.files.map { ($0.path, $0.digest.short) }, uniquingKeysWith: { first, _ in first })
        }
      ).html
  }

  private static func standing(_ sides: [Side]) -> Table {
    func row(_ name: String, _ cell: (Side) -> Cell) -> Table.Row { Table.Row([.text(name)] + sides.map(cell)) }
    return Table(
      "Standing",
      columns: [Table.Column("What")]
        + sides.map { Table.Column("version \($0.version.id.version)", link: ObjectLink.model($0.version.id)) },
      rows: [
        row("Aliases") { .text($0.version.aliases.sorted().joined(separator: ", ")) },
        row("Stage") { .text($0.version.stage.rawValue) },
        row("Registered") { .time($0.version.creationTime) },
        row("By") { .text($0.version.createdBy) },
        row("Run") { side in
          .text(side.run?.info.name ?? side.version.run?.text, link: side.version.run.map(ObjectLink.run))
        },
        row("Commit") { .code($0.lineage?.commit ?? $0.run?.tag("mlflow.source.git.commit")) },
        row("Size") { .text(readableSize($0.version.size)) },
        row("SHA-256") { .code($0.version.checksum?.short) },
      ])
  }

  /// The version's own metrics; those of its run where it has none.
  private static func values(_ side: Side) -> [String: Double] {
    guard side.version.metrics.isEmpty, let run = side.run else { return side.version.metrics }
    return Dictionary(run.metrics.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  private static func metrics(_ first: Side, _ second: Side) -> Table {
    let (a, b) = (values(first), values(second))
    let keys = metricOrder(Set(a.keys).union(b.keys)).prefix(200)
    return Table(
      "Metrics",
      columns: [Table.Column("Metric")]
        + [first, second].map { Table.Column.number("version \($0.version.id.version)") }
        + [Table.Column.number("Difference")],
      rows: keys.map { key in
        let difference = a[key].flatMap { before in b[key].map { $0 - before } }
        let sign = (difference ?? 0) > 0 ? "+" : ""
        return Table.Row(
          [
            .text(metricName(key)), .number(a[key]), .number(b[key]),
            Cell(html: difference.map { sign + readable($0) } ?? "–"),
          ], marked: a[key] != b[key])
      }, empty: "No metrics were recorded with either.")
  }

  private static func params(_ side: Side) -> [String: String] {
    let logged = Dictionary(
      (side.run?.params ?? []).map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    let recorded = (side.lineage?.parameters ?? [:]).compactMapValues(words)
    return recorded.merging(logged) { recorded, _ in recorded }
  }

  private static func data(_ side: Side) -> [String: String] {
    guard let lineage = side.lineage else {
      let inputs = side.run?.datasets ?? []
      return Dictionary(inputs.map { ($0.name, $0.digest) }, uniquingKeysWith: { first, _ in first })
    }
    return Dictionary(
      lineage.data.map { input in
        let span = [input.from, input.to].compactMap(\.self).joined(separator: " to ")
        return (input.dataset, "\(input.version.text.prefix(12))\(span.isEmpty ? "" : ", \(span)")")
      }, uniquingKeysWith: { first, _ in first })
  }

  /// A row for each name, marked where the two differ.
  private static func pairs(_ title: String, _ sides: [[String: String]]) -> Table {
    let keys = Set(sides.flatMap(\.keys)).sorted().prefix(300)
    return Table(
      title, columns: [.init("Name"), .init("First"), .init("Second")],
      rows: keys.map { key in
        let values = sides.map { $0[key] }
        return Table.Row(
          [.code(key)] + values.map { .text($0.map { shortened($0, limit: 200) }) }, marked: values[0] != values[1])
      }, empty: "None were recorded.")
  }

  private static func signature(_ version: ModelVersion) -> String {
    version.signature.map(PrettyJSON.text) ?? ""
  }

  private static func difference(_ old: String, _ new: String) -> String {
    guard !old.isEmpty || !new.isEmpty else { return #"<p class="empty">Neither was registered with a signature.</p>"# }
    let difference = LineDifference(from: old, to: new)
    return difference.isEmpty ? #"<p class="empty">The same in both.</p>"# : difference.html
  }

  // MARK: Loading

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let name = ModelName(request.text("name") ?? "")
    let numbers = request.texts("version").compactMap(Int.init)
    guard numbers.count == 2, numbers[0] != numbers[1] else {
      throw MartletError.invalidInput(
        "a comparison needs two different versions of a model", fix: "choose two of them on the model's page")
    }
    try await request.sight?.demand(.model(name))
    let sides = try await [side(name, numbers[0], platform, request), side(name, numbers[1], platform, request)]
    return Page(
      title: "\(name) compared", section: .models,
      crumbs: [Link(label: "Models", link: "/models"), Link(label: name.text, link: ObjectLink.model(name))],
      template: "compare-versions", model: CompareVersionsPage(sides[0], sides[1]),
      command: "martlet model compare \(name)@\(numbers[0]) \(name)@\(numbers[1])")
  }

  private static func side(
    _ name: ModelName, _ number: Int, _ platform: Platform, _ request: PageRequest
  ) async throws -> Side {
    let version = try await platform.registry.version(ModelVersionID(model: name, version: number))
    var side = Side(version: version)
    // A run that is gone, was never here, or is hidden, leaves the rest comparable.
    if let run = version.run, try await request.sight?.shows(.run(run)) ?? true {
      side.run = try? await platform.tracker.run(run)
    }
    return side
  }
}

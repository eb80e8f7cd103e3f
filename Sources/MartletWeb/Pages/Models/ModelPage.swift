import MartletAccess
import MartletCore
import MartletLifecycle
import MartletRegistry

/// A registered model with its versions side by side.
struct ModelPage {
  var name: String
  var summary: String
  var description: String?
  var facts: String
  var chart: String?
  var versions: String
  /// Two of them can be chosen and compared.
  var canCompare: Bool
  var nextLink: String?

  /// - Parameter versions: nil for a reader of the overview only.
  init(_ model: RegisteredModel, _ versions: [ModelVersion]?, nextLink: String? = nil) {
    let isOverview = versions == nil
    let versions = versions ?? []
    name = model.name.text
    summary = isOverview ? "" : counted(versions.count, "version") + (nextLink == nil ? "" : " on this page")
    canCompare = versions.count > 1
    self.nextLink = nextLink
    description = model.description.flatMap { $0.isEmpty ? nil : $0 }
    var facts = Facts()
    facts.add("Created by", model.createdBy)
    facts.add("Created", time: model.creationTime)
    for (alias, version) in model.aliases.sorted(by: { $0.key < $1.key }) {
      facts.add(
        "@\(alias)", "version \(version)",
        link: isOverview ? nil : ObjectLink.model(ModelVersionID(model: model.name, version: version)))
    }
    for (key, value) in model.tags.sorted(by: { $0.key < $1.key }) { facts.add(key, value) }
    self.facts = facts.html
    chart = Self.chart(versions)
    self.versions =
      Self.table(
        versions, empty: isOverview ? "Versions are shown to those who may read the model." : "No versions yet."
      ).html
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let model = try await platform.registry.model(try request.identifier("name"))
    let encoded = ObjectLink.pathEncoded(model.name.text) ?? ""
    let isRead = try await request.sight?.shows(.model(model.name)) ?? true
    let found = isRead ? try await versions(of: model, platform, request) : nil
    let next = found?.nextToken.map { link(ObjectLink.model(model.name), ["page": $0]) }
    return Page(
      title: model.name.text, section: .models, crumbs: [Link(label: "Models", link: "/models")], template: "model",
      model: ModelPage(model, found?.items, nextLink: next),
      apiLink: "/api/v1/models/\(encoded)\(isRead ? "/versions" : "")", command: "martlet model show \(model.name)")
  }

  private static func versions(
    of model: RegisteredModel, _ platform: Platform, _ request: PageRequest
  ) async throws -> MartletCore.Page<ModelVersion> {
    let quoted = model.name.text.replacing("'", with: "\\'")
    let found = try await platform.registry.searchVersions(
      filter: "name = '\(quoted)'", orderBy: ["version_number DESC"], limit: 100, pageToken: request.text("page"))
    var shown: [ModelVersion] = []
    for version in found.items { shown.append(try await version.shown(to: request)) }
    return .init(shown, nextToken: found.nextToken)
  }

  /// The commonest first metric over the versions.
  private static func chart(_ versions: [ModelVersion]) -> String? {
    guard versions.count > 1,
      let key = ["roc_auc", "pr_auc"].first(where: { key in versions.contains { $0.metrics[key] != nil } })
        ?? metricOrder(versions.flatMap(\.metrics.keys)).first
    else { return nil }
    let points = versions.sorted { $0.id.version < $1.id.version }.compactMap { version in
      version.metrics[key].map { (x: Double(version.id.version), y: $0) }
    }
    let chart = LineChart(title: "\(metricName(key)) by version", series: [.init(metricName(key), points)])
    let table = Table(
      "\(metricName(key)) by version", columns: [.number("Version"), .number(metricName(key))],
      rows: points.reversed().map { Table.Row([.number($0.x), .number($0.y)]) })
    return Figure(
      title: "\(metricName(key)) by version, when it was registered", svg: chart.svg, summary: chart.words,
      table: table
    ).html
  }

  private static func table(_ versions: [ModelVersion], empty: String) -> Table {
    let canCompare = versions.count > 1
    let metrics = metricOrder(versions.flatMap(\.metrics.keys)).prefix(6)
    return Table(
      "Versions",
      columns: (canCompare ? [.init("Compare")] : [])
        + [.init("Version"), .init("Standing"), .init("Tags"), .init("Registered"), .init("By"), .init("Run")]
        + metrics.map { .number(metricName($0)) } + [.number("Size")],
      rows: versions.map { version in
        let badges =
          version.aliases.sorted().map { Badge($0, .live) }
          + (version.stage == .none ? [] : [Badge(version.stage.rawValue)])
        let box = Cell(
          html:
            #"<input type="checkbox" name="version" value="\#(version.id.version)" aria-label="Compare version \#(version.id.version)">"#
        )
        let tags = version.tags.sorted { $0.key < $1.key }.prefix(4).map {
          "\($0.key): \(shortened($0.value, limit: 40))"
        }
        let first: [Cell] =
          (canCompare ? [box] : []) + [
            .text("version \(version.id.version)", link: ObjectLink.model(version.id)),
            Cell(html: badges.isEmpty ? "–" : badges.map(\.html).joined(separator: " ")),
            .text(tags.joined(separator: ", ")), .time(version.creationTime),
            .text(version.createdBy),
            .text(version.run.map { String($0.text.prefix(8)) }, link: version.run.map(ObjectLink.run)),
          ]
        let values = metrics.map { key in Cell(html: version.metrics[key].map { metricValue(key, $0) } ?? "–") }
        return Table.Row(first + values + [Cell(html: escaped(readableSize(version.size)))])
      }, empty: empty)
  }
}

extension ModelVersion {
  /// Without its run where the reader may not see that one.
  func shown(to request: PageRequest) async throws -> ModelVersion {
    guard let run, let sight = request.sight, try await !sight.shows(.run(run)) else { return self }
    var version = self
    version.run = nil
    return version
  }
}

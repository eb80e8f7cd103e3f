import MartletCore
import MartletData
import MartletFeatures
import MartletLifecycle

/// One dataset: what it is, whether it is in control, what is held back and why, and where it came from.
struct DatasetPage {
  var name: String
  var state: String
  var summary: String
  var description: String?
  var card: String
  var charts: [String]
  var violations: String
  var hasCharts: Bool
  var quarantine: [QuarantineCard]
  var contract: String
  var expectations: String
  var versions: String
  var sources: String
  var lineage: String
  var profileLink: String
  var previewLink: String
  var hasData: Bool
  var tail: String?

  /// Everything that the page shows, as the catalog gives it.
  struct Content {
    var record: DatasetRecord
    var versions: [DataVersion]
    var detail: VersionDetail?
    var charts: [ControlSeries]
    var quarantine: [Delivery]
    var tailRows: Int64 = 0
    /// Feature views that read it.
    var readers: [String] = []
  }

  init(_ content: Content) {
    let key = content.record.key
    let head = content.versions.first
    name = key.name.text
    let held = content.quarantine.count
    state =
      (held > 0
      ? Badge("\(counted(held, "partition")) held back", .bad)
      : head == nil ? Badge("no data yet") : Badge("good", .good)).html
    summary =
      head.map {
        "version \($0.number) · \(counted($0.rows, "row")) in \(counted($0.partitions, "partition")) · \(readableSize($0.bytes))"
      } ?? ""
    description = content.record.definition.card?.description
    card = Self.card(content).html
    charts = content.charts.enumerated().map { ControlFigure($1, number: $0 + 1).html }
    hasCharts = !charts.isEmpty
    violations = ControlFigure.violations(content.charts).html
    quarantine = content.quarantine.map { QuarantineCard($0, of: key) }
    contract = Self.contract(content.record).html
    expectations = Self.expectations(content.record.definition).html
    versions = Self.versions(content.versions, key).html
    sources = Self.sources(content.detail, key).html
    lineage = DatasetLineage(content).svg
    profileLink = Self.path(key) + "/profile"
    previewLink = Self.path(key) + "/preview"
    hasData = head != nil
    tail =
      content.tailRows > 0 ? "\(counted(content.tailRows, "row")) pushed since the newest partition was committed" : nil
  }

  static func path(_ key: DatasetKey) -> String { ObjectLink.page(of: key.ledgerObject) ?? "/data" }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let key = DatasetKey(project: try request.identifier("project"), name: try request.identifier("dataset"))
    let record = try await platform.data.dataset(key)
    let versions = try await platform.data.versions(key, limit: 50).items
    var readers: [String] = []
    for view in try await platform.features.views(of: key.project) {
      if try await platform.features.inputs(of: view).contains(key) { readers.append(view.name) }
    }
    let content = Content(
      record: record, versions: versions, detail: try await detail(versions.first, platform),
      charts: record.head == nil ? [] : try await platform.data.charts(key),
      quarantine: try await platform.data.quarantine(key),
      tailRows: try await platform.data.tail(key).reduce(0) { $0 + $1.rows }, readers: readers)
    return Page(
      title: key.name.text, section: .data, crumbs: [Link(label: "Data", link: "/data")], template: "dataset",
      model: DatasetPage(content), apiLink: "/api/v1/projects/\(key.project)/datasets/\(key.name)",
      command: "martlet data show \(key.name)")
  }

  private static func detail(_ version: DataVersion?, _ platform: Platform) async throws -> VersionDetail? {
    guard let version else { return nil }
    return try await platform.data.detail(version)
  }

  private static func card(_ content: Content) -> Facts {
    let definition = content.record.definition
    var facts = Facts()
    facts.add("Project", content.record.key.project.text)
    facts.add("Owner", definition.card?.owner)
    facts.add("Purpose", definition.card?.purpose)
    facts.add("Terms of use", definition.card?.terms)
    facts.add("Provenance", definition.card?.provenance)
    facts.add("Refreshed", definition.card?.cadence)
    facts.add("Labels", definition.card?.labels)
    facts.add("Sensitivity", definition.card?.sensitivity)
    facts.add("Protected", definition.card?.protected?.joined(separator: ", "))
    facts.add("Key", definition.key.joined(separator: ", "))
    facts.add("Partitions", definition.partition.map { "by \($0.by.rawValue) of \($0.column)" })
    facts.add("Known at", code: definition.time)
    facts.add("Source", code: definition.source)
    facts.add("Newest data", time: content.versions.first?.eventTime)
    return facts
  }
}

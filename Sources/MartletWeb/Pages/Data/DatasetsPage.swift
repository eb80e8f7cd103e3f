import MartletCore
import MartletData
import MartletFeatures
import MartletLifecycle

/// All datasets and feature views, project by project.
struct DatasetsPage {
  /// A dataset with what its row shows.
  struct Entry {
    var record: DatasetRecord
    var head: DataVersion?
    var quarantined: Int
  }

  var summary: String
  var datasets: String
  var views: String

  init(_ entries: [Entry], views: [FeatureView], freshness: [String: ViewFreshness] = [:]) {
    let held = entries.reduce(0) { $0 + $1.quarantined }
    summary = counted(entries.count, "dataset") + (held == 0 ? "" : ", \(counted(held, "partition")) held back")
    datasets = Self.table(entries).html
    self.views = Self.table(views, freshness).html
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    var entries: [Entry] = []
    for record in try await platform.data.datasets() where request.shows(record.key.project) {
      entries.append(
        Entry(
          record: record, head: try await platform.data.head(record.key),
          quarantined: try await platform.data.quarantine(record.key).count))
    }
    let views = try await platform.features.views().filter { request.shows($0.project) }
    var freshness: [String: ViewFreshness] = [:]
    for project in Set(views.map(\.project)) {
      for state in try await platform.features.freshness(of: project) { freshness["\(project)/\(state.view)"] = state }
    }
    return Page(
      title: "Data", section: .data, template: "datasets",
      model: DatasetsPage(entries, views: views, freshness: freshness),
      apiLink: "/api/v1/datasets", command: "martlet data list --all")
  }

  private static func table(_ entries: [Entry]) -> Table {
    Table(
      "Datasets",
      columns: [
        .init("Dataset"), .init("State"), .number("Version"), .number("Rows"), .number("Partitions"), .number("Size"),
        .init("Newest data (event time)"), .init("Owner"),
      ],
      rows: entries.map { entry in
        let state =
          entry.quarantined > 0
          ? Badge("\(entry.quarantined) held back", .bad)
          : entry.head == nil ? Badge("no data yet") : Badge("good", .good)
        return Table.Row([
          .text(
            entry.record.key.name.text, link: ObjectLink.page(of: entry.record.key.ledgerObject),
            detail: entry.record.key.project.text),
          .badge(state), Cell(html: entry.head.map { String($0.number) } ?? "–"),
          Cell(html: entry.head.map { grouped($0.rows) } ?? "–"),
          Cell(html: entry.head.map { grouped(Int64($0.partitions)) } ?? "–"),
          Cell(html: entry.head.map { escaped(readableSize($0.bytes)) } ?? "–"), .time(entry.head?.eventTime),
          .text(entry.record.definition.card?.owner),
        ])
      }, empty: "No datasets yet. martlet run uploads the project's; martlet data add delivers one file.")
  }

  private static func table(_ views: [FeatureView], _ freshness: [String: ViewFreshness]) -> Table {
    Table(
      "Feature views",
      caption:
        "What models read beside the request: joined as of each row's time in training, looked up by key when serving.",
      columns: [
        .init("View"), .init("By"), .init("Online"), .number("Entities"), .init("Newest value"), .init("Brought up to"),
        .init("Kept for"),
      ],
      rows: views.map { view in
        let state = freshness["\(view.project)/\(view.name)"]
        return Table.Row(
          [
            .text(view.name, detail: view.project.text), .text(view.definition.entity.joined(separator: ", ")),
            .badge(view.definition.online ? Badge("online", .live) : Badge("training only")),
            Cell(html: state.map { grouped(Int64($0.rows)) } ?? "–"), .time(state?.latest), .time(state?.refreshedTo),
            .text(view.definition.ttl?.description ?? "ever"),
          ], id: "feature-\(view.project)-\(view.name)")
      }, empty: "No feature views.")
  }
}

import MartletCore
import MartletData
import MartletLifecycle

/// The first rows of a version or of one of its partitions.
struct PreviewPage {
  var name: String
  var summary: String
  var rows: String

  init(_ preview: DataPreview, of version: DataVersion, partition: String?) {
    name = "First rows of \(version.dataset.name)"
    summary = "version \(version.number)" + (partition.map { ", partition \($0)" } ?? "")
    rows =
      Table(
        "First rows", columns: preview.columns.map { .init($0) },
        rows: preview.rows.map { row in Table.Row(preview.columns.map { .text(shortText(row[$0], limit: 60)) }) },
        empty: "The version has no rows."
      ).html
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let key = DatasetKey(project: try request.identifier("project"), name: try request.identifier("dataset"))
    let version = try await platform.data.version(key, request.text("version") ?? "latest")
    let partition = request.text("partition")
    let preview = try await platform.data.preview(version, partition: partition)
    return Page(
      title: "First rows of \(key.name)", section: .data,
      crumbs: [Link(label: "Data", link: "/data"), Link(label: key.name.text, link: DatasetPage.path(key))],
      template: "preview", model: PreviewPage(preview, of: version, partition: partition),
      apiLink: link("/api/v1/projects/\(key.project)/datasets/\(key.name)/preview", ["partition": partition]),
      command: "martlet data preview \(key.name)")
  }
}

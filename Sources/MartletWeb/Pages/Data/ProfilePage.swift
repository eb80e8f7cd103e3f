import MartletCore
import MartletData
import MartletLifecycle

/// What a version's columns look like: missing values, spread, commonest values.
struct ProfilePage {
  struct Entry {
    var name: String
    var type: String
    var facts: String
    var picture: String?
    var table: String?

    init(_ column: DataProfile.Column, rows: Int64) {
      name = column.name
      type = column.type.rawValue
      facts = Self.facts(column, rows).html
      let histogram = Self.histogram(column)
      picture = histogram?.svg ?? Self.common(column)
      table = histogram?.table.html
    }

    private static func facts(_ column: DataProfile.Column, _ rows: Int64) -> Facts {
      var facts = Facts()
      facts.add(
        "Missing", rows == 0 ? nil : "\(grouped(column.nulls)) (\(percent(Double(column.nulls) / Double(rows))))")
      facts.add("Distinct", "about \(grouped(column.distinct))")
      facts.add("Range", column.min.flatMap { low in column.max.map { "\(low) to \($0)" } })
      facts.add("Mean", column.mean.map(readable))
      facts.add("Standard deviation", column.stddev.map(readable))
      if let quantiles = column.quantiles, quantiles.count == 5 {
        facts.add("Quartiles", quantiles[1...3].map(readable).joined(separator: " · "))
      }
      facts.add("Outliers", column.outliers.map { "\(grouped($0)) beyond 1.5 interquartile ranges" })
      return facts
    }

    private static func histogram(_ column: DataProfile.Column) -> Histogram? {
      guard let bins = column.histogram, bins.count > 1 else { return nil }
      return Histogram(
        title: "Histogram of \(column.name)", bins: bins.map { .init(from: $0.from, to: $0.to, count: Int64($0.count)) }
      )
    }

    private static func common(_ column: DataProfile.Column) -> String? {
      // Where every value is different, none is common.
      guard let top = column.top, let most = top.first, most.count > 1 else { return nil }
      return BarChart(
        title: "Commonest values of \(column.name)", bars: top.prefix(12).map { .init($0.value, Double($0.count)) }
      ).svg
    }
  }

  var name: String
  var summary: String
  var columns: [Entry]

  init(_ profile: DataProfile, of version: DataVersion) {
    name = "Profile of \(version.dataset.name)"
    summary =
      "version \(version.number) · \(counted(profile.rows, "row")) · \(counted(profile.columns.count, "column"))"
    columns = profile.columns.map { Entry($0, rows: profile.rows) }
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let key = DatasetKey(project: try request.identifier("project"), name: try request.identifier("dataset"))
    let version = try await platform.data.version(key, request.text("version") ?? "latest")
    let profile = try await platform.data.profile(version)
    return Page(
      title: "Profile of \(key.name)", section: .data,
      crumbs: [Link(label: "Data", link: "/data"), Link(label: key.name.text, link: DatasetPage.path(key))],
      template: "profile", model: ProfilePage(profile, of: version),
      apiLink: "/api/v1/projects/\(key.project)/datasets/\(key.name)/profile?version=\(version.number)",
      command: "martlet data profile \(key.name)")
  }
}

import MartletCore
import MartletLifecycle
import MartletMonitoring
import MartletServing

/// All endpoints: what is live on each and how its last judged window went.
struct EndpointsPage {
  var summary: String
  var endpoints: String

  init(_ entries: [EndpointSummary]) {
    summary = counted(entries.count, "endpoint")
    endpoints =
      Table(
        "Endpoints",
        columns: [
          .init("Endpoint"), .init("Live"), .init("On its way"), .number("Rows answered"), .init("Last judged window"),
          .init("Verdict"), .number("Windows"), .number("Quiet"),
        ],
        rows: entries.map { entry in
          Table.Row([
            .text(entry.name, link: entry.link, detail: entry.project),
            .text(entry.champion?.text, link: entry.champion?.link),
            .text(entry.challenger?.text, link: entry.challenger?.link, detail: entry.challengerShare),
            Cell(html: entry.answered.map { grouped(Int64($0)) } ?? "–"),
            .text(entry.lastQuality, detail: entry.lastWindow),
            .badge(entry.verdict), .count(entry.windowCount), .count(entry.quietCount),
          ])
        }, empty: "Nothing is deployed yet: a deploy step of martlet run, or martlet model promote, makes the first."
      ).html
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    Page(
      title: "Endpoints", section: .endpoints, template: "endpoints",
      model: EndpointsPage(try await EndpointSummary.all(platform, request)),
      refreshSeconds: 5, apiLink: "/api/v1/endpoints", command: "martlet deployment list")
  }
}

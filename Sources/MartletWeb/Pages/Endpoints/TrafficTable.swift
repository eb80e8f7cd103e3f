import MartletCore
import MartletServing

/// Who answers which share, and what was counted of it since the traffic last changed.
struct TrafficTable {
  private let variants: [ScoringConfiguration.Variant]
  private let state: ScoringState.Endpoint?

  init(_ content: EndpointPage.Content) {
    variants = content.endpoint.variants
    state = content.state?.epoch == content.endpoint.rollout.epoch ? content.state : nil
  }

  var table: Table {
    Table(
      "Traffic by version", caption: "Counted since the traffic last changed.",
      columns: [
        .init("Version"), .init("Part"), .number("Share"), .number("Rows"), .number("Errors"), .number("Stand-ins"),
        .number("p50 ms"),
        .number("p99 ms"), .number("Most often missing"),
      ],
      rows: variants.map { variant in
        let counts = state?.variants.first { $0.modelVersion == variant.modelVersion }?.counts
        return Table.Row([
          .text(variant.modelVersion.description, link: ObjectLink.model(variant.modelVersion)),
          .badge(variant.role.badge),
          .share(variant.share), Cell(html: counts.map { grouped(Int64($0.rows)) } ?? "–"),
          Cell(html: counts.map { "\(grouped(Int64($0.errorCount))) (\($0.errorRate.map(percent) ?? "–"))" } ?? "–"),
          Cell(html: counts.map { grouped(Int64($0.fallbacks)) } ?? "–"), .number(counts?.latencyMilliseconds(at: 0.5)),
          .number(counts?.latencyMilliseconds(at: 0.99)), .text(Self.missing(counts)),
        ])
      }, empty: "Nothing is deployed here yet: martlet model promote MODEL@VERSION brings the first version.")
  }

  private static func missing(_ counts: VariantCounts?) -> String? {
    guard let most = counts?.missingRates.max(by: { $0.value < $1.value }), most.value > 0 else { return nil }
    return "\(most.key) \(percent(most.value))"
  }

  /// The shares as one bar; nil for a single version.
  var picture: String? {
    guard variants.count > 1 else { return nil }
    let words = variants.map { "\($0.modelVersion) \(percent($0.share))" }.joined(separator: ", ")
    var start = 0.0
    let parts = variants.enumerated().map { index, variant in
      defer { start += variant.share * 760 }
      return
        #"<rect class="f\#(seriesColor(index))" x="\#(px(start))" y="0" width="\#(px(variant.share * 760))" height="18"/>"#
    }
    return """
      <svg class="chart shares" viewBox="0 0 760 18" preserveAspectRatio="none" role="img" aria-label="Traffic: \(escaped(words))">\
      \(parts.joined())</svg>
      """
  }
}

extension VariantRole {
  var badge: Badge {
    switch self {
    case .champion: Badge("champion", .good)
    case .challenger: Badge("challenger", .live)
    case .shadow: Badge("shadow")
    }
  }
}

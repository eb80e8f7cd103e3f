import MartletCore
import MartletModels
import MartletStatistics

/// A candidate beside the champion and the baselines, on the same rows.
struct EvaluationComparison {
  private let evaluation: VersionEvidence.Evaluation
  private let unit: String?

  init(_ evaluation: VersionEvidence.Evaluation, unit: String?) {
    self.evaluation = evaluation
    self.unit = unit
  }

  private var contenders: [(name: String, evaluation: BinaryEvaluation)] {
    [(name: "this version", evaluation: evaluation.candidate)]
      + (evaluation.champion.map {
        [(name: "champion\(evaluation.championVersion.map { " (\($0))" } ?? "")", evaluation: $0)]
      } ?? [])
      + evaluation.baselines.sorted { $0.key < $1.key }.map {
        (name: "baseline: \($0.key.trimmingPrefix("baseline "))", evaluation: $0.value)
      }
  }

  var table: Table {
    let keys = metricOrder(evaluation.candidate.metrics.keys)
    return Table(
      "Metrics beside the champion and the baselines",
      caption:
        "On the same \(grouped(Int64(evaluation.rows))) rows, none of which the version was trained on; in brackets 95 % bootstrap intervals.",
      columns: [.init("Metric")] + contenders.map { .number($0.name) }
        + (evaluation.paired == nil ? [] : [.number("Difference to the champion")]),
      rows: keys.map { key in
        let values = contenders.map { contender in
          Cell(html: Self.value(key, contender.evaluation.metrics[key], contender.evaluation.intervals[key]))
        }
        let difference = evaluation.paired.map { [Cell(html: Self.difference(key, $0[key]))] } ?? []
        return Table.Row([.text(metricName(key, unit: unit))] + values + difference)
      })
  }

  /// The differences that matter first, as a picture, when there is a champion.
  var figure: String? {
    let metrics = ["pr_auc", "roc_auc"].filter { evaluation.candidate.metrics[$0] != nil }
    guard !metrics.isEmpty else { return nil }
    let pictures = metrics.map { key in
      let entries = contenders.compactMap { contender in
        contender.evaluation.metrics[key].map { value in
          let interval = contender.evaluation.intervals[key]
          return IntervalChart.Entry(
            label: contender.name, estimate: value, low: interval?.lower, high: interval?.upper)
        }
      }
      let chart = IntervalChart(title: metricName(key), entries: entries)
      return Figure(
        title: metricName(key), svg: chart.svg, summary: "Points: estimates. Lines: 95 % intervals.", table: chart.table
      ).html
    }
    return #"<div class="charts">\#(pictures.joined())</div>"#
  }

  private static func value(_ key: String, _ value: Double?, _ interval: Interval?) -> String {
    guard let value else { return "–" }
    guard let interval else { return metricValue(key, value) }
    return """
      \(metricValue(key, value))<br><span class="muted small">(\(metricValue(key, interval.lower)) to \
      \(metricValue(key, interval.upper)))</span>
      """
  }

  private static func difference(_ key: String, _ interval: Interval?) -> String {
    guard let interval else { return "–" }
    let sign = interval.estimate > 0 ? "+" : ""
    // Certain: the whole interval lies on one side of zero.
    let isCertain = interval.lower > 0 || interval.upper < 0
    let isLessBetter = ["brier", "log_loss", "ece"].contains(key)
    let isBetter = isLessBetter ? interval.estimate < 0 : interval.estimate > 0
    let tone: Badge.Tone = isCertain ? (isBetter ? .good : .bad) : .plain
    let badge = Badge(isCertain ? (isBetter ? "better" : "worse") : "no clear difference", tone)
    return """
      \(sign)\(metricValue(key, interval.estimate)) \(badge.html)<br>\
      <span class="muted small">(\(metricValue(key, interval.lower)) to \(metricValue(key, interval.upper)))</span>
      """
  }
}

import MartletCore
package import MartletStatistics

/// One partition as control charts see it.
struct ControlPoint: Sendable {
  var partition: String
  var statistics: PartitionStatistics
}

/// A control chart of a dataset: every partition with its limits and what is out of control.
package struct ControlSeries: Sendable, Hashable, Codable {
  package struct Point: Sendable, Hashable, Codable {
    package var partition: String
    package var stratum: String?
    package var value: Double?
    package var centre: Double?
    package var lower: Double?
    package var upper: Double?
    package var violations: [ControlRule]
    /// One sentence on what is out of control; nil when nothing is.
    package var explanation: String?
    /// Used to learn the limits.
    package var isBaseline: Bool
    /// Held back, not part of the dataset.
    package var isQuarantined: Bool
  }

  package var spec: ControlSpec
  /// `mean(distance)`
  package var name: String
  package var points: [Point]
  /// Why there are no limits; nil when there are.
  package var note: String?
}

/// Judges partitions by the control charts of their dataset.
///
/// Limits are learned once, from the first delivery, from the first 28 partitions where that has fewer, or from the
/// spec's `baseline` (phase I); later points are judged against these limits. Baseline points are shown as out of control where they are, but stop nothing: there was no
/// standard yet to hold them to.
enum ControlJudge {
  /// Four of each weekday.
  static let fewestInBaseline = 28

  struct Verdicts {
    var series: [ControlSeries]

    func findings(for partition: String) -> [Finding] {
      series.compactMap { series in
        guard let point = series.points.first(where: { $0.partition == partition }), let text = point.explanation else {
          return nil
        }
        return Finding(
          check: series.name, kind: .control, severity: point.isBaseline ? .warn : series.spec.severity,
          partition: partition, column: series.spec.stat.column, message: text,
          observed: point.value.map(JSON.double),
          expected: .object([
            "centre": point.centre.map(JSON.double) ?? .null, "lower": point.lower.map(JSON.double) ?? .null,
            "upper": point.upper.map(JSON.double) ?? .null,
            "rules": .array(point.violations.map { .string($0.rawValue) }),
          ]))
      }
    }
  }

  /// - Parameters:
  ///   - history: the committed partitions.
  ///   - new: partitions to judge beside them; they take the place of those with the same name.
  ///   - quarantined: which of the new ones are held back.
  static func judge(
    _ record: DatasetRecord, history: [ControlPoint], new: [ControlPoint], quarantined: Set<String> = []
  )
    -> Verdicts
  {
    let replaced = Set(new.map(\.partition))
    let points = (history.filter { !replaced.contains($0.partition) } + new).sorted { $0.partition < $1.partition }
    // Before the first commit, what is being delivered is the first delivery.
    var last = record.baseline ?? (record.head == nil ? points.last?.partition : nil)
    let fewest = points.prefix(fewestInBaseline)
    if let given = last, let end = fewest.last?.partition, given < end { last = end }
    return Verdicts(
      series: record.definition.control.map {
        series($0, points, lastOfFirst: last, record.definition.partition, quarantined)
      })
  }

  private static func series(
    _ spec: ControlSpec, _ points: [ControlPoint], lastOfFirst: String?, _ rule: PartitionRule?,
    _ quarantined: Set<String>
  ) -> ControlSeries {
    let end = baselineEnd(spec, points, lastOfFirst, rule)
    let chartPoints = points.map { chartPoint($0, spec, rule) }
    var series = ControlSeries(spec: spec, name: spec.stat.description, points: [], note: nil)
    do {
      var definition = ControlChartDefinition(
        spec.chart, rules: try ControlRuleSet.named(spec.rules), robust: spec.robust)
      if let weight = spec.weight { definition.weight = weight }
      let standard = zip(points, chartPoints).filter { pair in end.map { pair.0.partition <= $0 } ?? false }.map(\.1)
      let baseline = try definition.learn(from: standard)
      if baseline.strata.isEmpty { series.note = "there are too few partitions yet to learn limits from" }
      let chart = baseline.chart(chartPoints.map { tolerating($0, spec, baseline) })
      series.points = chart.points.enumerated().map { index, judged in
        point(
          judged, chartPoints[index], spec, baseline, isBaseline: end.map { judged.label <= $0 } ?? false, quarantined)
      }
    } catch {
      series.note = MartletError(error, doing: "the limits could not be learned").message
    }
    return series
  }

  private static func baselineEnd(
    _ spec: ControlSpec, _ points: [ControlPoint], _ lastOfFirst: String?, _ rule: PartitionRule?
  )
    -> String?
  {
    guard let length = spec.baseline?.duration, let first = points.first.flatMap({ rule?.start(of: $0.partition) })
    else {
      return lastOfFirst
    }
    return points.last { point in rule?.start(of: point.partition).map { $0 < first + length } ?? false }?.partition
  }

  private static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

  private static func chartPoint(_ point: ControlPoint, _ spec: ControlSpec, _ rule: PartitionRule?) -> ChartPoint {
    var stratum: String?
    if spec.stratum == .weekday, let start = rule?.start(of: point.partition) {
      stratum = weekdays[start.isoWeekday - 1]
    }
    guard let measured = point.statistics.value(of: spec.stat) else {
      return ChartPoint(point.partition, stratum: stratum, value: .nan)
    }
    if spec.chart.countsDefects, spec.stat.kind == .nullRate {
      let rows = Double(point.statistics.rows)
      return ChartPoint(point.partition, stratum: stratum, value: measured.value * rows, size: rows)
    }
    if spec.chart == .xbarS || spec.chart == .deviation {
      return ChartPoint(
        point.partition, stratum: stratum, value: measured.value, size: Double(measured.count),
        deviation: spec.stat.column.flatMap { point.statistics[$0]?.stddev })
    }
    return ChartPoint(point.partition, stratum: stratum, value: measured.value)
  }

  /// A point moved towards its centre by the accepted shift, and no further than the centre.
  private static func tolerating(_ point: ChartPoint, _ spec: ControlSpec, _ baseline: ControlChartBaseline)
    -> ChartPoint
  {
    guard let allow = spec.allow?.fraction, let limits = baseline.strata[point.stratum ?? ""], point.size > 0 else {
      return point
    }
    var moved = point
    let scale = spec.chart.countsDefects ? point.size : 1
    let shift = abs(limits.centre) * allow
    let distance = point.value / scale - limits.centre
    moved.value -= min(max(distance, -shift), shift) * scale
    return moved
  }

  private static func point(
    _ judged: ControlChart.Point, _ given: ChartPoint, _ spec: ControlSpec, _ baseline: ControlChartBaseline,
    isBaseline: Bool, _ quarantined: Set<String>
  ) -> ControlSeries.Point {
    var shown = judged
    if let allow = spec.allow?.fraction, let limits = baseline.strata[judged.stratum ?? ""] {
      let shift = abs(limits.centre) * allow
      shown.lower = judged.lower.map { $0 - shift }
      shown.upper = judged.upper.map { $0 + shift }
      let isShare = [.p, .laneyP, .u, .laneyU].contains(spec.chart)
      if !spec.chart.hasMemoryOfPoints {
        shown.value = given.value.isFinite ? given.value / (isShare ? given.size : 1) : nil
      }
    }
    return ControlSeries.Point(
      partition: judged.label, stratum: judged.stratum, value: shown.value, centre: shown.centre, lower: shown.lower,
      upper: shown.upper, violations: judged.violations, explanation: shown.explanation(), isBaseline: isBaseline,
      isQuarantined: quarantined.contains(judged.label))
  }
}

extension ChartKind {
  /// What is plotted is not the point's own value.
  fileprivate var hasMemoryOfPoints: Bool { self == .ewma || self == .cusum || self == .movingRange }
}

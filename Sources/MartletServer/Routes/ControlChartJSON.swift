import MartletCore
import MartletData
import MartletStatistics

/// A control chart with its counts beside its points.
enum ControlChartJSON {
  static func json(_ series: ControlSeries) throws -> JSON {
    let signals = series.points.filter { !$0.violations.isEmpty }
    let limits = series.points.last { $0.centre != nil }
    var json: [String: JSON] = [
      "stat": .string(series.name), "chart": .string(series.spec.chart.rawValue),
      "severity": .string(series.spec.severity.rawValue), "points": .integer(Int64(series.points.count)),
      "signals": .integer(Int64(signals.count)), "series": try JSON(snakeCase: series.points),
    ]
    json["note"] = series.note.map(JSON.string)
    json["center"] = limits?.centre.map(JSON.double)
    json["lower"] = limits?.lower.map(JSON.double)
    json["upper"] = limits?.upper.map(JSON.double)
    json["last_signal"] = signals.last.map { .string($0.explanation ?? $0.partition) }
    return .object(json)
  }
}

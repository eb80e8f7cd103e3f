import MartletCore
import MartletStatistics
import MartletTracking

/// The course of a metric over its steps, of one run or of several: drawn on the server, and again by ECharts where it
/// is there.
struct MetricFigure {
  struct Line {
    var run: RunID
    var name: String
    var curve: MetricCurve
  }

  var key: String
  var lines: [Line]
  var options = CurveOptions()

  var html: String {
    Figure(
      title: key, svg: chart.svg, summary: summary, legend: isAlone ? [] : lines.map(\.name),
      table: isAlone ? parts(of: lines[0].curve) : ends, plot: plot, id: "chart-\(key)",
      curves: overSteps && lines.count <= Self.mostFetched && lines.contains { !$0.curve.isExact } ? addresses : []
    ).html
  }

  /// For so many runs a closer look fetches finer points.
  private static let mostFetched = 12

  private var isAlone: Bool { lines.count == 1 }

  private var overSteps: Bool {
    options.axis == .step && Set(lines.flatMap { $0.curve.parts.map(\.lastStep) }).count > 1
  }

  private var addresses: [String] {
    lines.map {
      link(
        "/api/v1/runs/\(ObjectLink.pathEncoded($0.run.text) ?? "")/curve",
        ["key": key, "smoothing": options.smoothing > 0 ? String(options.smoothing) : nil])
    }
  }

  // MARK: What it says

  private var summary: String {
    let sentences = lines.prefix(12).map { line -> String in
      let parts = line.curve.parts
      let name = isAlone ? key : line.name
      guard let low = parts.compactMap(\.low).min(), let high = parts.compactMap(\.high).max() else {
        return "\(name): no values."
      }
      let thinned = line.curve.isExact ? "" : " in \(grouped(Int64(parts.count))) parts"
      let last = parts.last(where: { $0.mean != nil })?.mean.map(readable) ?? "–"
      return
        "\(name): \(counted(line.curve.points, "point"))\(thinned) from \(readable(low)) to \(readable(high)), last \(last)."
    }
    return (sentences + notes).joined(separator: " ")
  }

  private var notes: [String] {
    var notes = lines.count > 12 ? ["And \(lines.count - 12) more runs."] : []
    if isAlone, !lines[0].curve.isExact {
      notes.append("Line: the mean of each part; ground: its least to its greatest value.")
    }
    if options.smoothing > 0 {
      notes.append(
        "Smoothed: s = \(options.fields.smoothing) s + (1 − \(options.fields.smoothing)) x, divided by "
          + "1 − \(options.fields.smoothing)ᵗ, over the points that are drawn.")
    }
    if options.isLogarithmic, lines.contains(where: { $0.curve.parts.contains { ($0.low ?? 1) <= 0 } }) {
      notes.append("Values that are not above zero have no place on a logarithmic axis.")
    }
    return notes
  }

  // MARK: Pictures

  private func position(_ part: MetricCurve.Part) -> Double { Double(overSteps ? part.lastStep : part.time) }

  private func drawn(_ curve: MetricCurve) -> [(x: Double, y: Double)] {
    let values = ExponentialAverage.of(curve.parts.map(\.mean), weight: options.smoothing)
    return zip(curve.parts, values).map { (position($0), $1 ?? .nan) }
  }

  private var chart: LineChart {
    var chart = LineChart(
      title: isAlone ? "\(key) of \(lines[0].name)" : key,
      series: lines.map { .init(isAlone ? key : $0.name, drawn($0.curve)) }, axis: overSteps ? .number : .time)
    chart.isLogarithmic = options.isLogarithmic
    guard isAlone else { return chart }
    let parts = lines[0].curve.parts
    if !lines[0].curve.isExact {
      chart.band = parts.compactMap { part in part.low.flatMap { low in part.high.map { (position(part), low, $0) } } }
    }
    if options.smoothing > 0 { chart.centre = parts.map { (position($0), $0.mean ?? .nan) } }
    return chart
  }

  /// For one run: the line, what it was smoothed from, and the least and greatest of each part; else one line a run.
  private var plot: JSON? {
    guard lines.contains(where: { $0.curve.parts.count > 1 }) else { return nil }
    let spans = lines.flatMap { $0.curve.parts.map(position) }
    return [
      "grid": ["left": 64, "right": 16, "top": 16, "bottom": 56],
      "xAxis": [
        "type": .string(overSteps ? "value" : "time"), "scale": true, "min": .double(spans.min() ?? 0),
        "max": .double(spans.max() ?? 1),
      ],
      "yAxis": ["type": .string(options.isLogarithmic ? "log" : "value"), "scale": true],
      "dataZoom": [["type": "inside"], ["type": "slider", "height": 18, "bottom": 8]],
      "series": .array(isAlone ? Self.alone(lines[0], self) : lines.map { Self.line($0.name, drawn($0.curve), self) }),
    ]
  }

  private static func alone(_ line: Line, _ figure: MetricFigure) -> [JSON] {
    func points(_ value: (MetricCurve.Part) -> Double?) -> [(x: Double, y: Double)] {
      line.curve.parts.map { (figure.position($0), value($0) ?? .nan) }
    }
    var series = [Self.line(figure.key, figure.drawn(line.curve), figure, role: "value")]
    if figure.options.smoothing > 0 {
      series.append(Self.line("before smoothing", points(\.mean), figure, role: "mean", isFaint: true))
    }
    if !line.curve.isExact {
      series.append(Self.line("least", points(\.low), figure, role: "low", isFaint: true))
      series.append(Self.line("greatest", points(\.high), figure, role: "high", isFaint: true))
    }
    return series
  }

  /// - Parameter role: which number of a part it draws, for the script that fetches finer ones.
  private static func line(
    _ name: String, _ points: [(x: Double, y: Double)], _ figure: MetricFigure, role: String = "value",
    isFaint: Bool = false
  ) -> JSON {
    let drawn = points.filter { $0.y.isFinite && (!figure.options.isLogarithmic || $0.y > 0) }
    var series: [String: JSON] = [
      "type": "line", "name": .string(name), "showSymbol": .boolean(drawn.count < 60), "role": .string(role),
      "data": .array(drawn.map { .array([.double($0.x), .double($0.y)]) }),
    ]
    if isFaint {
      series["colorIndex"] = 0
      series["lineStyle"] = ["width": 1, "opacity": 0.45]
    }
    return .object(series)
  }

  // MARK: Tables

  private func parts(of curve: MetricCurve) -> Table {
    let shown = Array(curve.parts.suffix(200))
    let cut = shown.count < curve.parts.count ? "The last 200 of \(grouped(Int64(curve.parts.count)))." : nil
    guard !curve.isExact else {
      return Table(
        "Points of \(key)", caption: cut, columns: [.number("Step"), .init("Time"), .number("Value")],
        rows: shown.map {
          Table.Row([.count($0.lastStep), .time(Timestamp(milliseconds: $0.time)), .number($0.mean)])
        })
    }
    return Table(
      "Parts of \(key)", caption: cut,
      columns: [
        .number("Steps"), .init("Until"), .number("Points"), .number("Least"), .number("Mean"), .number("Greatest"),
      ],
      rows: shown.map { part in
        Table.Row([
          Cell(html: escaped("\(grouped(part.firstStep)) – \(grouped(part.lastStep))")),
          .time(Timestamp(milliseconds: part.time)), .count(part.count), .number(part.low), .number(part.mean),
          .number(part.high),
        ])
      })
  }

  /// Where each run's course began, ended and how far it went.
  private var ends: Table {
    Table(
      "\(key) by run",
      columns: [
        .init("Run"), .number("Points"), .number("First"), .number("Last"), .number("Least"), .number("Greatest"),
      ],
      rows: lines.map { line in
        let parts = line.curve.parts
        return Table.Row([
          .text(line.name, link: ObjectLink.run(line.run)), .count(line.curve.points),
          .number(parts.compactMap(\.mean).first), .number(parts.compactMap(\.mean).last),
          .number(parts.compactMap(\.low).min()), .number(parts.compactMap(\.high).max()),
        ])
      })
  }
}

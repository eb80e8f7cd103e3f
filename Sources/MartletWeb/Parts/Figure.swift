import MartletCore

/// A chart with its title, legend, what it says in words, and its numbers as a table.
struct Figure {
  var title: String
  var svg: String
  var summary: String
  /// Names of the lines, in the order of their colours.
  var legend: [String] = []
  var table: Table?
  /// The same chart for ECharts, as its option object.
  var plot: JSON?
  var id: String?
  /// The API's addresses of each line's points, for a closer look at a part of it.
  var curves: [String] = []

  /// More names than this are read by nobody; the table has them all.
  private static let longestLegend = 24

  var html: String {
    let anchor = id.map { #" id="\#(escaped($0))""# } ?? ""
    return """
      <figure class="card"\(anchor)><figcaption><h3>\(escaped(title))</h3></figcaption>\(legendHTML)\(picture)\
      <p class="muted small">\(escaped(summary))</p>\(tableHTML)</figure>
      """
  }

  /// Wide pictures scroll inside their own frame on narrow screens, so that their text stays readable.
  private var picture: String {
    let frame = #"<div class="scroll" tabindex="0" role="group" aria-label="\#(escaped(title))">\#(svg)</div>"#
    guard let plot else { return frame }
    let data = plot.text.replacing("<", with: "\\u003c")
    return """
      <div data-plot\(identity)\(closer)><script type="application/json">\(data)</script><div class="plot" data-plot-canvas \
      role="img" aria-label="\(escaped(summary))" hidden></div>\
      <div data-plot-static>\(frame)</div></div>
      """
  }

  private var identity: String { id.map { #" id="\#(escaped($0))-plot""# } ?? "" }

  private var closer: String {
    curves.isEmpty ? "" : #" data-curves="\#(escaped(JSON.array(curves.map(JSON.string)).text))""#
  }

  private var legendHTML: String {
    guard legend.count > 1 else { return "" }
    var entries = legend.prefix(Self.longestLegend).enumerated().map {
      #"<li><span class="swatch s\#(seriesColor($0))"></span>\#(escaped($1))</li>"#
    }
    if legend.count > Self.longestLegend { entries.append("<li>and \(legend.count - Self.longestLegend) more</li>") }
    return #"<ul class="legend">\#(entries.joined())</ul>"#
  }

  private var tableHTML: String {
    table.map { "<details><summary>As a table</summary>\($0.html)</details>" } ?? ""
  }
}

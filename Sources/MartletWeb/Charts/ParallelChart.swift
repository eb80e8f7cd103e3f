import MartletCore

/// Parallel coordinates: an upright axis for each dimension, a line for each thing.
struct ParallelChart {
  struct Dimension {
    var name: String
    /// A value for each line; nil where it has none.
    var values: [String?]

    /// The numbers, when every value is one.
    var numbers: [Double?]? {
      var numbers: [Double?] = []
      for value in values {
        guard let value else {
          numbers.append(nil)
          continue
        }
        guard let number = Double(value), number.isFinite else { return nil }
        numbers.append(number)
      }
      return numbers
    }

    /// Different values in order, for what is not a number.
    var categories: [String] { Array(Set(values.compactMap(\.self))).sorted() }
  }

  var title: String
  var names: [String]
  var dimensions: [Dimension]

  private static let top = 36.0
  private static let bottom = 250.0

  var svg: String {
    let parts = axes.joined() + lines.joined()
    return """
      <svg class="chart whole" viewBox="0 0 1000 280" role="img" aria-label="\(escaped(summary))">\(parts)</svg>
      """
  }

  var summary: String {
    "\(title): \(counted(names.count, "line")) over \(dimensions.map(\.name).joined(separator: ", "))."
  }

  private func x(_ place: Int) -> Double { 70 + 860 * Double(place) / Double(max(1, dimensions.count - 1)) }

  private func scale(_ dimension: Dimension) -> Scale {
    if let numbers = dimension.numbers { return Scale(numbers.compactMap(\.self), from: Self.bottom, to: Self.top) }
    return Scale(dimension.categories.indices.map(Double.init), from: Self.bottom, to: Self.top)
  }

  private var axes: [String] {
    dimensions.enumerated().map { place, dimension in
      let scale = scale(dimension)
      let numeric = dimension.numbers != nil
      let categories = dimension.categories
      let ticks = numeric ? scale.ticks(4).map { ($0, readable($0)) } : categories.enumerated().map { (Double($0), $1) }
      let labels = ticks.prefix(9).map { value, label in
        #"<text x="\#(px(x(place) - 6))" y="\#(px(scale(value) + 4))" text-anchor="end">\#(escaped(shortened(label, limit: 12)))</text>"#
      }
      return """
        <line class="axis" x1="\(px(x(place)))" x2="\(px(x(place)))" y1="\(px(Self.top))" y2="\(px(Self.bottom))"/>\
        <text x="\(px(x(place)))" y="\(place.isMultiple(of: 2) ? 14 : 28)" text-anchor="middle">\
        \(escaped(shortened(dimension.name, limit: 24)))</text>\(labels.joined())
        """
    }
  }

  private var lines: [String] {
    let heights = dimensions.map { dimension -> [Double?] in
      let scale = scale(dimension)
      if let numbers = dimension.numbers { return numbers.map { $0.map { scale($0) } } }
      let places = Dictionary(uniqueKeysWithValues: dimension.categories.enumerated().map { ($1, Double($0)) })
      return dimension.values.map { value in value.flatMap { places[$0] }.map { scale($0) } }
    }
    return names.enumerated().map { index, name in
      var path = ""
      for (place, column) in heights.enumerated() {
        guard let height = column[index] else { continue }
        path += "\(path.isEmpty ? "M" : "L")\(px(x(place))) \(px(height))"
      }
      return #"<path class="s\#(seriesColor(index)) thin" d="\#(path)"><title>\#(escaped(name))</title></path>"#
    }
  }

  /// The same for ECharts, which lets people brush along the axes.
  var plot: JSON {
    let axes = dimensions.enumerated().map { place, dimension -> JSON in
      var axis: [String: JSON] = ["dim": .integer(Int64(place)), "name": .string(shortened(dimension.name, limit: 24))]
      if dimension.numbers == nil {
        axis["type"] = "category"
        axis["data"] = .array(dimension.categories.map(JSON.string))
      } else {
        axis["scale"] = true
      }
      return .object(axis)
    }
    let data = names.indices.map { index -> JSON in
      let values = dimensions.map { dimension -> JSON in
        if let numbers = dimension.numbers { return numbers[index].map(JSON.double) ?? .null }
        return dimension.values[index].map(JSON.string) ?? .null
      }
      return ["name": .string(names[index]), "value": .array(values)]
    }
    return [
      "tooltip": ["trigger": "item", "renderMode": "richText"], "parallelAxis": .array(axes),
      "parallel": ["left": 70, "right": 70, "top": 48, "bottom": 24],
      "series": [["type": "parallel", "data": .array(data), "lineStyle": ["width": 1.5, "opacity": 0.7]]],
    ]
  }
}

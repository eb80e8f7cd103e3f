/// Points of one metric of a run, column by column: the i-th point has the i-th step, timestamp and value.
///
/// A long series comes in several of these.
package struct ImportedSeries: Sendable, Hashable, Codable {
  package var run: String
  package var key: String
  package private(set) var steps: [Int64] = []
  /// Milliseconds since 1970.
  package private(set) var timestamps: [Int64] = []
  package private(set) var values: [Double] = []

  package init(run: String, key: String) {
    self.run = run
    self.key = key
  }

  package var count: Int { values.count }

  /// Whether every point has all three; a batch of another program may not be so.
  var isEven: Bool { steps.count == count && timestamps.count == count }

  package mutating func append(step: Int64, timestamp: Int64, value: Double) {
    steps.append(step)
    timestamps.append(timestamp)
    values.append(value)
  }
}

/// Puts points that come one by one together as series, some thousands at a time.
package struct SeriesGatherer {
  /// So many points are held at most.
  package static let page = 10_000

  private struct Name: Hashable {
    var run: String
    var key: String
  }

  private var series: [ImportedSeries] = []
  private var places: [Name: Int] = [:]
  /// Of the point before: most points follow one of their own series.
  private var last: (name: Name, place: Int)?
  private var count = 0

  package init() {}

  package var isFull: Bool { count >= Self.page }

  package mutating func add(run: String, key: String, step: Int64, timestamp: Int64, value: Double) {
    series[place(of: Name(run: run, key: key))].append(step: step, timestamp: timestamp, value: value)
    count += 1
  }

  /// What was gathered, each series once; nothing is held afterwards.
  package mutating func take() -> [ImportedSeries] {
    defer { self = SeriesGatherer() }
    return series
  }

  private mutating func place(of name: Name) -> Int {
    if let last, last.name == name { return last.place }
    let place = places[name] ?? series.count
    if place == series.count {
      series.append(ImportedSeries(run: name.run, key: name.key))
      places[name] = place
    }
    last = (name, place)
    return place
  }
}

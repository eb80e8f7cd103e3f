import Foundation
import MartletCore
import MartletTracking

/// A metric's file of MLflow's file store: a line `<timestamp> <value> [<step>]` for each point, as they were logged.
///
/// Read line by line, in passes: a point that was logged twice stands in the file twice, and is one.
struct MetricFile {
  let path: String
  let run: String
  let key: String

  /// So many points are remembered at once, to find those that are there already.
  private static let remembered = 250_000

  /// What tells two points of a series apart.
  struct Place: Hashable, Comparable {
    var timestamp: Int64
    var step: Int64
    var value: UInt64

    static func < (one: Place, other: Place) -> Bool {
      (one.timestamp, one.step, one.value) < (other.timestamp, other.step, other.value)
    }
  }

  /// Every point once, some thousands at a time.
  ///
  /// A file in order, as nearly all are, is read once more; another one once for every 250,000 points.
  func forEachPage(_ body: ([ImportedSeries]) async throws -> Void) async throws {
    let (count, isOrdered) = try survey()
    if isOrdered {
      var last: Place?
      try await forEachPage(body) { place in
        defer { last = place }
        return place != last
      }
      return
    }
    let parts = UInt64(count / Self.remembered + 1)
    for part in 0..<parts {
      var seen: Set<Place> = []
      try await forEachPage(body) { place in
        var hash = RecordHash()
        hash.add(UInt64(bitPattern: place.timestamp))
        hash.add(UInt64(bitPattern: place.step))
        hash.add(place.value)
        return hash.value % parts == part && seen.insert(place).inserted
      }
    }
  }

  /// How many points there are, and whether each stands at or after the one before.
  private func survey() throws -> (count: Int, isOrdered: Bool) {
    var (count, isOrdered) = (0, true)
    var last: Place?
    let lines = try MetricLines(path)
    while let point = try lines.next(key) {
      let place = point.place
      if let last, place < last { isOrdered = false }
      last = place
      count += 1
    }
    return (count, isOrdered)
  }

  private func forEachPage(_ body: ([ImportedSeries]) async throws -> Void, where isNew: (Place) -> Bool) async throws {
    var gatherer = SeriesGatherer()
    let lines = try MetricLines(path)
    while let point = try lines.next(key) {
      guard isNew(point.place) else { continue }
      gatherer.add(run: run, key: key, step: point.step, timestamp: point.timestamp, value: point.value)
      if gatherer.isFull { try await body(gatherer.take()) }
    }
    try await body(gatherer.take())
  }
}

extension ImportedPoint {
  fileprivate var place: MetricFile.Place {
    MetricFile.Place(
      timestamp: timestamp, step: step, value: value.isNaN ? .max : (value == 0 ? 0 : value.bitPattern))
  }

  /// `<timestamp> <value> [<step>]`, and a data set with its digest, which is passed over.
  init(line: String, key: String) throws {
    let parts = line.split(separator: " ")
    guard (2...5).contains(parts.count), let time = Int64(parts[0]), let value = Self.number(parts[1]) else {
      throw FolderFile.unreadable(key, "a line of the metric is '\(line.prefix(80))'")
    }
    self.init(
      key: key, value: value, timestamp: time, step: parts.count == 3 || parts.count == 5 ? Int64(parts[2]) ?? 0 : 0)
  }

  static func number(_ text: Substring) -> Double? {
    switch text.lowercased() {
    case "nan": .nan
    case "inf", "infinity": .infinity
    case "-inf", "-infinity": -.infinity
    default: Double(text)
    }
  }
}

/// The points of a file, one line after the other. Used by one task.
private final class MetricLines {
  private let file: UnsafeMutablePointer<FILE>
  private var line: UnsafeMutablePointer<CChar>?
  private var room = 0

  init(_ path: String) throws {
    guard let file = fopen(path, "re") else { throw FolderFile.unreadable(path, "it cannot be read") }
    self.file = file
  }

  deinit {
    free(line)
    fclose(file)
  }

  /// The point of the next line that is not empty; nil at the end.
  func next(_ key: String) throws -> ImportedPoint? {
    while getline(&line, &room, file) > 0, let line {
      if let point = Self.plain(line, key) { return point }
      let text = String(cString: line).filter { !$0.isNewline }
      if !text.isEmpty { return try ImportedPoint(line: text, key: key) }
    }
    return nil
  }

  /// The usual line of three numbers, read in place.
  private static func plain(_ line: UnsafeMutablePointer<CChar>, _ key: String) -> ImportedPoint? {
    var (first, second, third):
      (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?)
    let timestamp = strtoll(line, &first, 10)
    guard let first, first > line, first.pointee == space else { return nil }
    let value = strtod(first, &second)
    guard let second, second > first + 1, second.pointee == space else { return nil }
    let step = strtoll(second, &third, 10)
    guard let third, third > second + 1, third.pointee == newline || third.pointee == 0 else { return nil }
    // What is beyond 64 bits becomes their end: the slow way says what is wrong with it.
    guard timestamp != .max, timestamp != .min, step != .max, step != .min else { return nil }
    return ImportedPoint(key: key, value: value, timestamp: Int64(timestamp), step: Int64(step))
  }

  private static let space = CChar(UInt8(ascii: " "))
  private static let newline = CChar(UInt8(ascii: "\n"))
}

import MartletCore

/// One field of a cron line: which values it may have, and what they are called.
struct CronField {
  let name: String
  let range: ClosedRange<Int>
  let words: [String]

  static let minute = CronField(name: "minute", range: 0...59, words: [])
  static let hour = CronField(name: "hour", range: 0...23, words: [])
  static let day = CronField(name: "day of the month", range: 1...31, words: [])
  static let month = CronField(
    name: "month", range: 1...12,
    words: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
  /// 0 and 7 are Sunday.
  static let weekday = CronField(
    name: "day of the week", range: 0...7, words: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])

  /// The values that a field's text stands for, ascending.
  func values(_ text: String) throws -> [Int] {
    var values: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      values.formUnion(try valuesOfPart(String(part)))
    }
    return values.sorted()
  }

  private func valuesOfPart(_ text: String) throws -> [Int] {
    let halves = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard halves.count <= 2, let span = halves.first, !span.isEmpty else { throw objection(text) }
    var step = 1
    if halves.count == 2 {
      guard let number = Int(halves[1]), number > 0, number <= range.upperBound else { throw objection(text) }
      step = number
    }
    let bounds = try bounds(span, open: halves.count == 2, in: text)
    return Array(stride(from: bounds.lowerBound, through: bounds.upperBound, by: step))
  }

  private func bounds(_ span: String, open: Bool, in text: String) throws -> ClosedRange<Int> {
    if span == "*" { return self == .weekday ? 0...6 : range }
    let ends = span.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard ends.count <= 2, let low = number(ends[0]) else { throw objection(text) }
    guard ends.count == 2 else { return open ? low...range.upperBound : low...low }
    guard let high = number(ends[1]), low <= high else { throw objection(text) }
    return low...high
  }

  private func number(_ text: String) -> Int? {
    if let index = words.firstIndex(of: text.uppercased()) { return index + range.lowerBound }
    return Int(text).flatMap { range.contains($0) ? $0 : nil }
  }

  private func objection(_ text: String) -> MartletError {
    .invalidInput(
      "'\(text.prefix(64))' is not a \(name): \(range.lowerBound) to \(range.upperBound), as 1,2 or 1-5 or */2")
  }
}

extension CronField: Equatable {}

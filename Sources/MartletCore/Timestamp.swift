/// An instant: milliseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }
  package static func + (a: Timestamp, b: Duration) -> Timestamp {
    Timestamp(milliseconds: a.milliseconds.addingWithinBounds(b.wholeMilliseconds))
  }
  package static func - (a: Timestamp, b: Duration) -> Timestamp {
    Timestamp(milliseconds: a.milliseconds.subtractingWithinBounds(b.wholeMilliseconds))
  }
  package static func - (a: Timestamp, b: Timestamp) -> Duration {
    .milliseconds(a.milliseconds.subtractingWithinBounds(b.milliseconds))
  }

  package static let millisecondsPerDay: Int64 = 86_400_000

  /// Midnight UTC at the start of this instant's day.
  package var startOfDay: Timestamp {
    Timestamp(
      milliseconds: milliseconds.subtractingWithinBounds(milliseconds.flooredModulo(Self.millisecondsPerDay)))
  }

  /// Proleptic Gregorian date in UTC (algorithm: H. Hinnant, "chrono-compatible low-level date algorithms").
  package var date: (year: Int, month: Int, day: Int) {
    let days = Int(milliseconds.flooredQuotient(Self.millisecondsPerDay)) + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  /// ISO weekday: Monday is 1, Sunday is 7.
  package var isoWeekday: Int {
    Int((milliseconds.flooredQuotient(Self.millisecondsPerDay) + 3).flooredModulo(7)) + 1
  }

  package init(year: Int, month: Int, day: Int) {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    milliseconds = Int64(era * 146_097 + dayOfEra - 719_468) * Self.millisecondsPerDay
  }

  /// `2013-02-08T05:00:00.000Z`
  package var description: String {
    let millisecondsOfDay = milliseconds.flooredModulo(Self.millisecondsPerDay)
    let (seconds, fraction) = (millisecondsOfDay / 1000, millisecondsOfDay % 1000)
    let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0.padded(2) }.joined(separator: ":")
    return "\(day)T\(time).\(fraction.padded(3))Z"
  }

  /// `2013-02-08`
  package var day: String {
    let (year, month, day) = date
    return "\(Int64(year).padded(4))-\(Int64(month).padded(2))-\(Int64(day).padded(2))"
  }

  /// Reads `2013-02-08`, `2013-02-08T05:00`, `2013-02-08 05:00:00[.123…][Z|±hh:mm]`; without a zone it is UTC.
  package init?(_ text: some StringProtocol) {
    var reader = DigitReader(text)
    guard let year = reader.number(digits: 4), reader.skip("-"), let month = reader.number(digits: 2), reader.skip("-"),
      let day = reader.number(digits: 2), (1...12).contains(month),
      (1...Self.daysIn(month: month, of: year)).contains(day)
    else { return nil }
    var result = Timestamp(year: year, month: month, day: day).milliseconds
    if reader.skip("T") || reader.skip(" ") {
      guard let hour = reader.number(digits: 2), reader.skip(":"), let minute = reader.number(digits: 2), hour < 24,
        minute < 60
      else { return nil }
      result += Int64(hour * 3600 + minute * 60) * 1000
      if reader.skip(":") {
        guard let second = reader.number(digits: 2), second < 60 else { return nil }
        result += Int64(second) * 1000
        if reader.skip(".") {
          guard let fraction = reader.fraction() else { return nil }
          result += fraction
        }
      }
      guard let offsetMinutes = reader.zone() else { return nil }
      result -= Int64(offsetMinutes) * 60_000
    }
    guard reader.atEnd else { return nil }
    milliseconds = result
  }

  private static func daysIn(month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

extension Timestamp: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = Timestamp(text) else {
      throw MartletError.invalidInput("'\(text.prefix(40))' is not an ISO 8601 time, such as 2013-02-08T05:00:00Z")
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Duration {
  /// Whole milliseconds, rounded toward zero; what 64 bits cannot hold becomes the furthest they can.
  package var wholeMilliseconds: Int64 {
    let (milliseconds, overflows) = components.seconds.multipliedReportingOverflow(by: 1000)
    guard !overflows else { return components.seconds < 0 ? .min : .max }
    return milliseconds.addingWithinBounds(components.attoseconds / 1_000_000_000_000_000)
  }

  /// Seconds as a floating-point number.
  package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

private struct DigitReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

  var atEnd: Bool { position == bytes.count }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func number(digits: Int) -> Int? {
    guard position + digits <= bytes.count else { return nil }
    var value = 0
    for byte in bytes[position..<position + digits] {
      guard (48...57).contains(byte) else { return nil }
      value = value * 10 + Int(byte - 48)
    }
    position += digits
    return value
  }

  /// Digits after the decimal point, as milliseconds; further digits are read and dropped.
  mutating func fraction() -> Int64? {
    let start = position
    var value: Int64 = 0
    while position < bytes.count, (48...57).contains(bytes[position]) {
      if position - start < 3 { value = value * 10 + Int64(bytes[position] - 48) }
      position += 1
    }
    let count = position - start
    guard count > 0 else { return nil }
    return count == 1 ? value * 100 : count == 2 ? value * 10 : value
  }

  /// Minutes east of UTC; 0 where no zone is written.
  mutating func zone() -> Int? {
    if atEnd || skip("Z") { return 0 }
    let sign = skip("+") ? 1 : skip("-") ? -1 : 0
    guard sign != 0, let hours = number(digits: 2), hours <= 14 else { return nil }
    _ = skip(":")
    guard let minutes = number(digits: 2), minutes < 60 else { return nil }
    return sign * (hours * 60 + minutes)
  }
}

extension Int64 {
  fileprivate func flooredModulo(_ divisor: Int64) -> Int64 {
    let remainder = self % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }

  fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 { self / divisor - (self % divisor < 0 ? 1 : 0) }

  /// The sum, or the furthest number on its side: times come from outside, and none may end the process.
  fileprivate func addingWithinBounds(_ other: Int64) -> Int64 {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? (other < 0 ? .min : .max) : sum
  }

  fileprivate func subtractingWithinBounds(_ other: Int64) -> Int64 {
    let (difference, overflows) = subtractingReportingOverflow(other)
    return overflows ? (other < 0 ? .max : .min) : difference
  }

  fileprivate func padded(_ width: Int) -> String {
    let digits = String(self)
    return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
  }
}

package import MartletCore

/// Five fields as cron has them: minute, hour, day of the month, month, day of the week, in a time zone.
///
/// Lists, ranges, steps and English names (`MON`, `JAN`) are understood. When both days are restricted, either may
/// match, as in every cron since Vixie's.
package struct CronSchedule: Sendable, Hashable, Codable {
  package let text: String
  package let zone: String
  private let minutes: [Int]
  private let hours: [Int]
  private let days: [Int]
  private let months: [Int]
  private let weekdays: [Int]
  private let eitherDay: Bool

  package init(_ text: String, zone: String = "UTC") throws {
    self.text = text
    self.zone = zone
    let fields = text.split(separator: " ").map(String.init)
    guard fields.count == 5 else {
      throw MartletError.invalidInput(
        "'\(text.prefix(64))' has \(fields.count) fields; cron has five: minute hour day month weekday")
    }
    _ = try ZoneOffsets(zone)
    minutes = try CronField.minute.values(fields[0])
    hours = try CronField.hour.values(fields[1])
    days = try CronField.day.values(fields[2])
    months = try CronField.month.values(fields[3])
    weekdays = Set(try CronField.weekday.values(fields[4]).map { $0 % 7 }).sorted()
    eitherDay = !fields[2].hasPrefix("*") && !fields[4].hasPrefix("*")
    guard try next(after: Timestamp(year: 2024, month: 1, day: 1)) != nil else {
      throw MartletError.invalidInput("'\(text.prefix(64))' names a day that never comes")
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      try container.decode(String.self, forKey: .text), zone: try container.decode(String.self, forKey: .zone))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(text, forKey: .text)
    try container.encode(zone, forKey: .zone)
  }

  private enum CodingKeys: String, CodingKey { case text, zone }

  /// The first instant after `time` at which it fires, within nine years; a time that the clocks skip fires when they
  /// have moved on, one that comes twice fires once.
  package func next(after time: Timestamp) throws -> Timestamp? {
    let offsets = try ZoneOffsets(zone)
    var day = offsets.local(time).startOfDay - .milliseconds(Timestamp.millisecondsPerDay)
    for _ in 0..<(366 * 9) {
      if matches(day: day), let found = first(on: day, after: time, offsets) { return found }
      day = day + .milliseconds(Timestamp.millisecondsPerDay)
    }
    return nil
  }

  /// Instants after `time` and by `end` at which it fires: the first, the latest, and how many there are, counted up to
  /// 1,000; nil when there is none.
  package func firings(after time: Timestamp, by end: Timestamp) throws -> Firings? {
    guard let first = try next(after: time), first <= end else { return nil }
    var (count, last) = (1, first)
    while count < 1000, let next = try next(after: last), next <= end { (count, last) = (count + 1, next) }
    return Firings(first: first, latest: try latest(by: end) ?? last, count: count)
  }

  package struct Firings: Sendable, Hashable {
    package var first: Timestamp
    package var latest: Timestamp
    package var count: Int
  }

  /// The last instant by `end` at which it fires, within nine years.
  private func latest(by end: Timestamp) throws -> Timestamp? {
    let offsets = try ZoneOffsets(zone)
    var day = offsets.local(end).startOfDay + .milliseconds(Timestamp.millisecondsPerDay)
    for _ in 0..<(366 * 9) {
      if matches(day: day) {
        let times = hours.flatMap { hour in minutes.map { Int64(hour * 60 + $0) * 60_000 } }
        let fires = times.map { offsets.instant(local: day + .milliseconds($0)) }.filter { $0 <= end }
        if let found = fires.max() { return found }
      }
      day = day - .milliseconds(Timestamp.millisecondsPerDay)
    }
    return nil
  }

  private func first(on day: Timestamp, after time: Timestamp, _ offsets: ZoneOffsets) -> Timestamp? {
    for hour in hours {
      for minute in minutes {
        let fires = offsets.instant(local: day + .milliseconds(Int64(hour * 60 + minute) * 60_000))
        if fires > time { return fires }
      }
    }
    return nil
  }

  private func matches(day: Timestamp) -> Bool {
    let (_, month, dayOfMonth) = day.date
    guard months.contains(month) else { return false }
    let (byDay, byWeekday) = (days.contains(dayOfMonth), weekdays.contains(day.isoWeekday % 7))
    return eitherDay ? byDay || byWeekday : byDay && byWeekday
  }
}

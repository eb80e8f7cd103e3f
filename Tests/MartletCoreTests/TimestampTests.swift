import Foundation
import MartletCore
import Testing

@Suite("An instant is read, written and split into days in UTC")
struct TimestampTests {
  @Test(
    "Every accepted way of writing gives the same instant",
    arguments: [
      "2013-02-08T05:00:00Z", "2013-02-08T05:00:00.000Z", "2013-02-08 05:00:00", "2013-02-08T05:00", "2013-02-08 05:00",
      "2013-02-08T00:00:00-05:00", "2013-02-08T00:00-0500", "2013-02-08T10:30:00+05:30", "2013-02-08T05:00:00.0009999Z",
    ])
  func reading(text: String) { #expect(Timestamp(text)?.milliseconds == 1_360_299_600_000) }

  @Test(
    "What is no instant is refused",
    arguments: [
      "", "2013", "2013-02", "2013-02-30", "2013-02-29", "1900-02-29", "2013-13-01", "2013-00-01", "2013-01-00",
      "2013-02-08T", "2013-02-08T24:00:00", "2013-02-08T05:60", "2013-02-08T05:00:60", "2013-02-08T05:00:00.Z",
      "2013-02-08T05:00:00Zx", "2013-02-08 ", " 2013-02-08", "2013-2-8", "13-02-08", "2013-02-08T05:00:00+15:00",
      "2013-02-08T05:00:00+05:60", "2013/02/08", "٢٠١٣-02-08",
    ])
  func refusing(text: String) { #expect(Timestamp(text) == nil) }

  @Test("Leap days are days")
  func leapDays() {
    #expect(Timestamp("2012-02-29")?.day == "2012-02-29")
    #expect(Timestamp("2000-02-29")?.day == "2000-02-29")
  }

  @Test("Every day of six centuries has the date and weekday that Foundation gives it")
  func dates() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    for day in stride(from: -135_000, to: 84_000, by: 17) {
      let time = Timestamp(milliseconds: Int64(day) * Timestamp.millisecondsPerDay + 86_399_999)
      let parts = calendar.dateComponents(
        [.year, .month, .day, .weekday], from: Date(timeIntervalSince1970: Double(day) * 86_400 + 1))
      let (year, month, dayOfMonth) = time.date
      try #require(year == parts.year && month == parts.month && dayOfMonth == parts.day)
      try #require(time.isoWeekday % 7 + 1 == parts.weekday)
      try #require(Timestamp(year: year, month: month, day: dayOfMonth) == time.startOfDay)
    }
  }

  @Test(
    "What is written is read back, before 1970 too",
    arguments: [0, 1, -1, 1_360_299_600_123, -62_135_596_800_000, 253_402_300_799_999])
  func roundTrip(milliseconds: Int64) {
    let time = Timestamp(milliseconds: milliseconds)
    #expect(Timestamp(time.description) == time)
  }

  @Test("The text has milliseconds and ends in Z")
  func writing() {
    #expect(Timestamp(milliseconds: 1_360_299_600_007).description == "2013-02-08T05:00:00.007Z")
    #expect(Timestamp(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
  }

  @Test("The furthest instants that 64 bits can hold end no process", arguments: [Int64.min, .min + 1, .max])
  func extremes(milliseconds: Int64) {
    let time = Timestamp(milliseconds: milliseconds)
    #expect(!time.description.isEmpty && !time.day.isEmpty && (1...7).contains(time.isoWeekday))
    #expect(time.startOfDay <= time)
    #expect(time + .seconds(1) >= time && time - .seconds(1) <= time)
    #expect(time - Timestamp(milliseconds: 0) == .milliseconds(milliseconds))
  }

  @Test("Adding and subtracting durations works in milliseconds")
  func arithmetic() throws {
    let noon = try #require(Timestamp("2013-02-08T12:00"))
    #expect((noon + .seconds(43_200)).day == "2013-02-09")
    #expect((noon - .seconds(43_201)).day == "2013-02-07")
    #expect(noon + .seconds(1) - noon == .seconds(1))
    #expect(noon.startOfDay.description == "2013-02-08T00:00:00.000Z")
  }

  @Test("In JSON an instant is its text, and another text is refused by name")
  func codable() throws {
    let time = try #require(Timestamp("2013-02-08"))
    #expect(try JSON(encoding: [time]) == ["2013-02-08T00:00:00.000Z"])
    #expect(try JSON.array(["2013-02-08"]).decode([Timestamp].self) == [time])
    let error = #expect(throws: MartletError.self) { try JSON.array(["soon"]).decode([Timestamp].self) }
    #expect(error?.message.contains("'soon'") == true)
  }
}

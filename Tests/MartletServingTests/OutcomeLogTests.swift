import MartletCore
import MartletTesting
import Testing

@testable import MartletServing

@Suite("Outcomes")
struct OutcomeLogTests {
  private static let day = Timestamp(year: 2013, month: 4, day: 2)

  private func outcome(_ id: String, _ value: Double, hours: Int = 0) -> Outcome {
    Outcome(id: id, value: value, at: Self.day + .seconds(hours * 3600))
  }

  @Test(
    "The same outcome again changes nothing; another value corrects and keeps the former", arguments: TestDatabase.kinds
  )
  func corrects(kind: TestDatabase.Kind) async throws {
    let log = OutcomeLog(database: try await kind.open())
    var counts = try await log.record([outcome("a", 1), outcome("b", 0, hours: 1)], for: "e", at: Self.day)
    #expect(counts.accepted == 2)
    counts = try await log.record(
      [outcome("a", 1), outcome("b", 1, hours: 2), outcome("c", 1)], for: "e", at: Self.day)
    #expect(counts.accepted == 1 && counts.repeated == 1 && counts.corrected == 1)
    let total = try await log.counts(of: "e")
    #expect(total.accepted == 3 && total.repeated == 1 && total.corrected == 1 && total.late == 0)
    #expect(try await log.counts(of: "other") == OutcomeCounts())
    let lines = String(
      decoding: try await log.lines(of: "e", from: Self.day, to: Self.day + .seconds(86_400)), as: UTF8.self)
    #expect(lines.split(separator: "\n").count == 3)
    #expect(lines.contains(#"{"id":"b","value":1.0,"at":1364868000000}"#))
  }

  @Test("An outcome of a window that was judged is late, and kept")
  func countsLate() async throws {
    let log = OutcomeLog(database: try await TestDatabase.sqlite())
    let counts = try await log.record(
      [outcome("a", 1), outcome("b", 1, hours: 5)], for: "e", at: Self.day, judgedUntil: Self.day + .seconds(3600))
    #expect(counts.late == 1 && counts.accepted == 2)
  }

  @Test("A batch with one bad outcome is refused whole")
  func refusesWhole() async throws {
    let log = OutcomeLog(database: try await TestDatabase.sqlite())
    await #expect(throws: MartletError.self) {
      try await log.record([outcome("a", 1), outcome("b", .nan)], for: "e", at: Self.day)
    }
    await #expect(throws: MartletError.self) { try await log.record([outcome("", 1)], for: "e", at: Self.day) }
    #expect(try await log.counts(of: "e").accepted == 0)
  }
}

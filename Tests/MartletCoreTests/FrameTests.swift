import MartletCore
import Testing

@Suite("A frame holds columns of equal length")
struct FrameTests {
  private func flights() throws -> Frame {
    try Frame([
      .init("delay", .double([1.5, .nan, -3])), .init("flight", .integer([1, nil, 3])),
      .init("late", .boolean([true, false, nil])), .init("carrier", .text(["AA", nil, ""])),
      .init("day", .time([0, nil, 86_400_000])),
    ])
  }

  @Test("Columns of unequal length are refused by name")
  func unequal() {
    let error = #expect(throws: MartletError.self) {
      try Frame([.init("a", .double([1, 2])), .init("b", .text(["x"]))])
    }
    #expect(error?.message.contains("'b' has 1 values, the frame has 2 rows") == true)
  }

  @Test("No columns are no rows")
  func empty() throws { #expect(try Frame([]).rowCount == 0) }

  @Test("As numbers, what is missing is NaN, true is 1 and times are milliseconds")
  func numbers() throws {
    let frame = try flights()
    #expect(try same(frame.numbers("delay"), [1.5, .nan, -3]))
    #expect(try same(frame.numbers("flight"), [1, .nan, 3]))
    #expect(try same(frame.numbers("late"), [1, 0, .nan]))
    #expect(try same(frame.numbers("day"), [0, .nan, 86_400_000]))
    #expect(throws: MartletError.self) { try frame.numbers("carrier") }
  }

  @Test("As text, numbers are in their shortest form and what is missing stays missing")
  func texts() throws {
    let frame = try flights()
    #expect(try frame.texts("delay") == ["1.5", nil, "-3.0"])
    #expect(try frame.texts("flight") == ["1", nil, "3"])
    #expect(try frame.texts("late") == ["true", "false", nil])
    #expect(try frame.texts("carrier") == ["AA", nil, ""])
    #expect(try frame.texts("day") == ["1970-01-01T00:00:00.000Z", nil, "1970-01-02T00:00:00.000Z"])
  }

  @Test("A column that is not there is named, with the one that was meant")
  func missing() throws {
    let error = try #require(throws: MartletError.self) { try flights().column("delya") }
    #expect(error.code == .invalidInput)
    #expect(error.message == "there is no column 'delya': did you mean 'delay'?")
    #expect(error.fix?.contains("carrier") == true)
  }

  private func same(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
  }
}

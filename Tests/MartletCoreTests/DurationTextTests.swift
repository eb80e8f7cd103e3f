import MartletCore
import Testing

@Suite("Durations as people write them")
struct DurationTextTests {
  @Test(
    "A number and a unit",
    arguments: [
      ("500ms", 500), ("30s", 30_000), ("20m", 1_200_000), ("3h", 10_800_000), ("1.5h", 5_400_000), ("7d", 604_800_000),
      ("2w", 1_209_600_000), ("0s", 0),
    ])
  func reading(text: String, milliseconds: Int) { #expect(Duration(written: text) == .milliseconds(milliseconds)) }

  @Test(
    "Anything else is refused",
    arguments: ["", "3", "h", "3 h", "-3h", "3H", "3h2m", "1.2.3s", "1e3s", "٣h", "9999999999999w"])
  func refusing(text: String) { #expect(Duration(written: text) == nil) }

  @Test(
    "The shortest text that reads back the same",
    arguments: [("90m", "90m"), ("120m", "2h"), ("1500ms", "1500ms"), ("24h", "1d"), ("1w", "7d"), ("0s", "0ms")])
  func writing(text: String, expected: String) { #expect(Duration(written: text)?.written == expected) }
}

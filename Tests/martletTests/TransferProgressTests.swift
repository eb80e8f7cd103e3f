import MartletExchange
import Testing

@testable import martlet

@Suite("How far a transfer is") struct TransferProgressTests {
  @Test("Counts, rate and what is left, by the points where they are known")
  func text() {
    func text(_ runs: Int64, _ points: Int64, _ size: SourceSize, _ seconds: Int64) -> String {
      TransferProgress.text("copying", runs: runs, points: points, of: size, after: .seconds(seconds))
    }
    let known = SourceSize(runs: 300, points: 90_000)
    #expect(
      text(120, 30_000, known, 2) == "copying: 120 of 300 runs, 30000 of 90000 points, 15000 points/s, 4 s left")
    #expect(text(1, 0, known, 2) == "copying: 1 of 300 runs, 0 of 90000 points", "nothing to go by yet")
    #expect(text(30, 10, SourceSize(runs: 300), 60) == "copying: 30 of 300 runs, 10 points, 0 points/s, 9 min left")
    #expect(text(30, 10, SourceSize(), 5) == "copying: 30 runs, 10 points, 2 points/s")
  }
}

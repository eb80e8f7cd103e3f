import MartletStatistics
import Testing

@Suite("Exponential average")
struct ExponentialAverageTests {
  @Test("It is debiased: a level line stays where it is, and the first value is the first value")
  func debiased() {
    #expect(ExponentialAverage.of([2, 2, 2], weight: 0.9).allSatisfy { abs(($0 ?? 0) - 2) < 1e-12 })
    // By hand: s = 0.5·0 + 0.5·1, /0.5 = 1; s = 0.25 + 0.5·3 = 1.75, /0.75 = 2.333…
    let smoothed = ExponentialAverage.of([1, 3], weight: 0.5)
    #expect(smoothed[0] == 1)
    #expect(abs((smoothed[1] ?? 0) - 7.0 / 3) < 1e-12)
  }

  @Test("Missing and infinite values are gaps that the average goes on behind; weight 0 changes nothing")
  func gaps() {
    let smoothed = ExponentialAverage.of([1, nil, .infinity, 1], weight: 0.5)
    #expect(smoothed == [1, nil, nil, 1])
    #expect(ExponentialAverage.of([1, nil, 5], weight: 0) == [1, nil, 5])
    #expect(ExponentialAverage.of([1, 5], weight: 1) == [1, 5])
  }
}

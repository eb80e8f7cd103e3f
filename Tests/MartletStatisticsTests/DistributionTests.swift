import MartletCore
import MartletStatistics
import Testing

@Suite("Distributions and seeded numbers")
struct DistributionTests {
  @Test("Tails of the normal, chi-square and Kolmogorov distributions equal scipy's")
  func tails() throws {
    let file = try reference("scipy_small")
    for row in file.at("norm_sf").array ?? [] {
      #expect(relativelyClose(NormalDistribution.survival(row.numbers[0]), row.numbers[1], 1e-12))
    }
    for row in file.at("norm_ppf").array ?? [] {
      #expect(close(NormalDistribution.quantile(row.numbers[0]), row.numbers[1], 1e-12))
    }
    for row in file.at("chi2_sf").array ?? [] {
      #expect(
        relativelyClose(
          ChiSquareDistribution.survival(row.numbers[0], degrees: row.numbers[1]), row.numbers[2], 1e-10))
    }
    for row in file.at("kstwo_sf").array ?? [] {
      let found = KolmogorovDistribution.survival(row.numbers[0], count: row.numbers[1])
      #expect(close(found, row.numbers[2], row.numbers[1] < 1000 ? 1e-3 : 1e-6), "\(row.numbers)")
    }
  }

  @Test("The same seed gives the same numbers, another seed or stream others")
  func seeds() {
    func five(_ generator: SeededGenerator) -> [UInt64] {
      var generator = generator
      return (0..<5).map { _ in generator.next() }
    }
    #expect(five(SeededGenerator(seed: 7)) == five(SeededGenerator(seed: 7)))
    #expect(five(SeededGenerator(seed: 7)) != five(SeededGenerator(seed: 8)))
    #expect(five(SeededGenerator(seed: 7, stream: 0)) != five(SeededGenerator(seed: 7, stream: 1)))
  }

  @Test("Normal draws have mean 0 and deviation 1; indices cover their range evenly")
  func draws() {
    var generator = SeededGenerator(seed: 11)
    let moments = Moments((0..<20_000).map { _ in generator.normal() })
    #expect(abs(moments.mean) < 0.03 && abs(moments.sampleDeviation - 1) < 0.03)
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { counts[generator.index(below: 7)] += 1 }
    #expect(counts.allSatisfy { (850...1150).contains($0) })
  }
}

import MartletCore
import MartletStatistics
import Testing

@Suite("Drift")
struct DriftTests {
  static let numeric = ["month", "hour", "minute", "distance", "dep_delay", "air_time"]
  static let text = ["carrier", "origin", "dest"]

  private func samples(_ column: String) throws -> (NumericSample, NumericSample) {
    let counts = try reference("flights_jan_jul_counts").at("numeric", column)
    func sample(_ side: String) throws -> NumericSample {
      try NumericSample(values: counts.at(side, "values").numbers, counts: counts.at(side, "counts").numbers)
    }
    return (try sample("reference"), try sample("current"))
  }

  private func categories(_ column: String) throws -> ([String: Double], [String: Double]) {
    let counts = try reference("flights_jan_jul_counts").at("text", column)
    func side(_ name: String) -> [String: Double] { (counts.at(name).object ?? [:]).mapValues(\.number) }
    return (side("reference"), side("current"))
  }

  @Test("Distances of January's and July's flights equal scipy's and Evidently's", arguments: numeric)
  func numericDistances(column: String) throws {
    let expected = try reference("drift_jan_jul").at("columns", column)
    let (a, b) = try samples(column)
    let shares = try Shares.sturgesBins(reference: a, current: b)
    #expect(close(shares.populationStability, expected.at("psi_evidently").number))
    #expect(close(shares.kullbackLeibler, expected.at("kl_evidently").number))
    #expect(close(shares.jensenShannon, expected.at("js_distance_ln").number))
    #expect(close(shares.hellinger, expected.at("hellinger_same_bins").number))
    #expect(close(shares.totalVariation, expected.at("tvd").number))
    #expect(close(shares.largestDifference, expected.at("l_infinity").number))
    let (d, p) = SampleDistance.kolmogorovSmirnov(a, b)
    #expect(close(d, expected.at("ks_D").number))
    #expect(relativelyClose(p, expected.at("ks_p").number, 1e-6))
    #expect(close(SampleDistance.wasserstein(a, b), expected.at("wasserstein").number))
    #expect(
      close(
        SampleDistance.normedWasserstein(reference: a, current: b), expected.at("wasserstein_normed").number))
    #expect(close(a.populationDeviation, expected.at("std_ref_pop").number))
    if let deciles = expected["psi_deciles"] {
      #expect(close(try Shares.quantileBins(reference: a, current: b).populationStability, deciles.number))
    }
  }

  @Test("Distances of categories equal scipy's and Evidently's", arguments: text)
  func categoryDistances(column: String) throws {
    let expected = try reference("drift_jan_jul").at("columns", column)
    let (a, b) = try categories(column)
    let shares = try Shares.categories(reference: a, current: b)
    #expect(close(shares.populationStability, expected.at("psi_evidently").number))
    #expect(close(shares.kullbackLeibler, expected.at("kl_evidently").number))
    #expect(close(shares.jensenShannon, expected.at("js_distance_ln").number))
    #expect(close(shares.hellinger, expected.at("hellinger_same_bins").number))
    #expect(close(shares.totalVariation, expected.at("tvd").number))
    let keys = Set(a.keys).union(b.keys).sorted()
    let (left, right) = (keys.map { a[$0] ?? 0 }, keys.map { b[$0] ?? 0 })
    let test = try CountTest.independence([left, right])
    #expect(close(test.test.statistic, expected.at("chi2_contingency").number))
    #expect(test.degrees == Int(expected.at("dof").number))
    #expect(relativelyClose(test.test.pValue, expected.at("p").number, 1e-9))
    #expect(close(test.cramersV, expected.at("cramers_v").number))
    let fit = try CountTest.goodnessOfFit(reference: left, current: right)
    if let statistic = expected.at("chi2_evidently_onesample").double {
      #expect(close(fit.statistic, statistic))
      #expect(relativelyClose(fit.pValue, expected.at("chi2_evidently_p").number, 1e-9))
    } else {
      #expect(fit.statistic == .infinity && fit.pValue == 0)
    }
  }

  @Test("The default test chooses and scores as Evidently does")
  func defaults() throws {
    let metrics = try reference("evidently_jan_jul_default").at("metrics").array ?? []
    func expected(_ column: String) -> (String, Double) {
      let metric = metrics.first { $0.at("config", "column").string == column } ?? .null
      return (metric.at("config", "method").string ?? "", metric.at("value").number)
    }
    for column in Self.numeric {
      let (a, b) = try samples(column)
      let result = try DriftTest().compare(reference: a, current: b)
      #expect((result.measure == .wasserstein) == expected(column).0.hasPrefix("Wasserstein"), "\(column)")
      #expect(close(result.statistic, expected(column).1))
      #expect(result.drifted == (expected(column).1 >= 0.1))
    }
    for column in Self.text {
      let (a, b) = try categories(column)
      let result = try DriftTest().compare(reference: a, current: b)
      #expect(result.measure == .jensenShannon && close(result.statistic, expected(column).1))
    }
  }

  @Test("Small references are judged by p-values")
  func smallDefaults() throws {
    let few = NumericSample([1, 2, 3, 4, 5, 6, 7, 8])
    #expect(DriftTest.defaultMeasure(reference: few, current: few) == .kolmogorovSmirnov)
    let two = NumericSample([0, 1, 1, 0])
    #expect(DriftTest.defaultMeasure(reference: two, current: two) == .proportion)
    #expect(DriftTest.defaultMeasure(reference: ["a": 5, "b": 2, "c": 1], current: ["a": 3]) == .chiSquare)
    let same = try DriftTest().compare(reference: few, current: few)
    #expect(same.pValue == 1 && !same.drifted)
  }

  @Test("Two small samples give scipy's KS and Wasserstein")
  func smallSamples() throws {
    let expected = try reference("scipy_small").at("two_samples")
    let (a, b) = (NumericSample(expected.at("a").numbers), NumericSample(expected.at("b").numbers))
    let (d, p) = SampleDistance.kolmogorovSmirnov(a, b)
    #expect(close(d, expected.at("ks_2samp_statistic").number))
    #expect(close(p, expected.at("ks_2samp_asymp_pvalue").number, 1e-4))
    #expect(close(SampleDistance.wasserstein(a, b), expected.at("wasserstein_distance").number))
    #expect(close(a.quantiles(at: [0, 0.1, 0.25, 0.5, 0.9, 1]), expected.at("quantiles").numbers))
    #expect(
      close(
        Quantile.values(of: expected.at("a").numbers, at: [0, 0.1, 0.25, 0.5, 0.9, 1]), expected.at("quantiles").numbers
      ))
  }

  @Test("Chi-square and z-test equal scipy's")
  func counts() throws {
    let file = try reference("scipy_small")
    let table = (file.at("chi2_contingency", "table").array ?? []).map(\.numbers)
    let chi = try CountTest.independence(table)
    #expect(close(chi.test.statistic, file.at("chi2_contingency", "statistic").number))
    #expect(close(chi.test.pValue, file.at("chi2_contingency", "pvalue").number))
    #expect(close(chi.cramersV, file.at("chi2_contingency", "cramers_v").number))
    let z = CountTest.proportions(30, of: 200, 55, of: 250)
    #expect(close(z.statistic, file.at("proportions_z", "z").number))
    #expect(close(z.pValue, file.at("proportions_z", "pvalue").number))
  }

  @Test("Nothing to compare, or text where numbers are needed, is refused")
  func refused() {
    #expect(throws: MartletError.self) {
      try DriftTest().compare(reference: NumericSample([.nan]), current: NumericSample([1]))
    }
    #expect(throws: MartletError.self) {
      try DriftTest(.kolmogorovSmirnov).compare(reference: ["a": 1], current: ["a": 1])
    }
    #expect(throws: MartletError.self) { try DriftMeasure.named("psy") }
  }
}

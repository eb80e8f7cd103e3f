import MartletCore

/// A test's statistic with its p-value.
package struct TestResult: Sendable, Hashable, Codable {
  package let statistic: Double
  package let pValue: Double
}

/// Tests on counts of categories.
package enum CountTest {
  /// Pearson's chi-square for a table of groups × categories, without continuity correction; categories that occur in
  /// no group are left out.
  package static func independence(_ table: [[Double]]) throws -> (test: TestResult, degrees: Int, cramersV: Double) {
    let width = table.first?.count ?? 0
    guard width > 0, table.allSatisfy({ $0.count == width }) else {
      throw MartletError.invalidInput("a contingency table needs rows of equal length")
    }
    let rows = table.map { $0.reduce(0, +) }
    let columns = (0..<width).map { column in table.reduce(0) { $0 + $1[column] } }
    let total = rows.reduce(0, +)
    guard total > 0 else { throw MartletError.invalidInput("a contingency table needs at least one count") }
    var statistic = 0.0
    for (row, counts) in zip(rows, table) {
      for (column, count) in zip(columns, counts) where row > 0 && column > 0 {
        let expected = row * column / total
        statistic += (count - expected) * (count - expected) / expected
      }
    }
    let (r, c) = (rows.count { $0 > 0 }, columns.count { $0 > 0 })
    let degrees = (r - 1) * (c - 1)
    let v = min(r, c) > 1 ? (statistic / total / Double(min(r, c) - 1)).squareRoot() : 0
    let p = degrees > 0 ? ChiSquareDistribution.survival(statistic, degrees: Double(degrees)) : 1
    return (TestResult(statistic: statistic, pValue: p), degrees, v)
  }

  /// Chi-square of current counts against the reference's shares taken as exact, as Evidently tests: a category that
  /// the reference lacks gives an infinite statistic and p = 0.
  package static func goodnessOfFit(reference: [Double], current: [Double]) throws -> TestResult {
    let shares = try Shares(reference: reference, current: current)
    let total = current.reduce(0, +)
    var statistic = 0.0
    for (share, count) in zip(shares.reference, current) where share > 0 || count > 0 {
      let expected = share * total
      statistic += expected > 0 ? (count - expected) * (count - expected) / expected : .infinity
    }
    let degrees = Double(current.count - 1)
    return TestResult(
      statistic: statistic,
      pValue: degrees > 0 ? ChiSquareDistribution.survival(statistic, degrees: degrees) : 1)
  }

  /// Two-sided z-test that two proportions are equal, variance pooled.
  package static func proportions(_ count1: Double, of size1: Double, _ count2: Double, of size2: Double) -> TestResult
  {
    guard size1 > 0, size2 > 0 else { return TestResult(statistic: .nan, pValue: .nan) }
    let pooled = (count1 + count2) / (size1 + size2)
    let error = (pooled * (1 - pooled) * (1 / size1 + 1 / size2)).squareRoot()
    guard error > 0 else { return TestResult(statistic: 0, pValue: 1) }
    let z = (count1 / size1 - count2 / size2) / error
    return TestResult(statistic: z, pValue: NormalDistribution.twoSided(z))
  }
}

import Foundation

/// The distribution of the two-sided one-sample Kolmogorov–Smirnov statistic D for n observations.
///
/// Chosen as in Simard and L'Ecuyer, "Computing the two-sided Kolmogorov–Smirnov distribution" (2011): where
/// nD² ≥ 2.2 twice the exact one-sided tail, else the series of Pelz and Good (1976), whose error falls as 1/n².
package enum KolmogorovDistribution {
  /// P(Dₙ > d).
  package static func survival(_ d: Double, count n: Double) -> Double {
    guard d > 0, n >= 1 else { return 1 }
    guard d < 1 else { return 0 }
    let scaled = n * d * d
    if scaled >= 370 { return 0 }
    if scaled >= 2.2, n <= 1_000_000 { return min(1, 2 * oneSidedSurvival(d, Int(n))) }
    return min(1, max(0, 1 - pelzGood(d, n)))
  }

  /// P(D⁺ₙ ≥ d) = d Σⱼ C(n, j) (d + j/n)^(j−1) (1 − d − j/n)^(n−j), each term positive, summed by logarithms.
  private static func oneSidedSurvival(_ d: Double, _ count: Int) -> Double {
    let n = Double(count)
    var sum = 0.0
    let logFactorial: Double = lgamma(n + 1)
    for j in 0...Int((n * (1 - d)).rounded(.down)) {
      let k = Double(j)
      let rest = 1 - d - k / n
      guard rest > 0 || j == count else { continue }
      let term = logFactorial - lgamma(k + 1) - lgamma(n - k + 1) + (k - 1) * log(d + k / n)
      sum += exp(term + (j == count ? 0 : (n - k) * log1p(-d - k / n)))
    }
    return d * sum
  }

  /// P(Dₙ ≤ d) ≈ K₀(z) + K₁(z)/√n + K₂(z)/n + K₃(z)/n^1.5 with z = d√n (Pelz and Good, equations for small z).
  private static func pelzGood(_ d: Double, _ n: Double) -> Double {
    let z = d * n.squareRoot()
    let pi2 = Double.pi * Double.pi
    let (z2, z4, z6) = (z * z, pow(z, 4), pow(z, 6))
    guard pi2 / 8 / z2 < 700 else { return 0 }
    var sums = (0.0, 0.0, 0.0, 0.0)
    var extra = (0.0, 0.0)
    for k in 1...max(1, Int((16 * z / .pi).rounded(.up))) {
      let m2 = pow(Double(2 * k - 1), 2)
      let (m4, m6) = (m2 * m2, m2 * m2 * m2)
      let q = exp(-pi2 / 8 / z2 * m2)
      sums.0 += q
      sums.1 += q * (pi2 / 4 * m2 - z2)
      sums.2 += q * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * pi2 / 4 * m2 + pi2 * pi2 * (1 - 2 * z2) / 16 * m4)
      let cubic = pi2 * (135 * z4 - 96 * z6) / 4 * m2 + pi2 * pi2 * (212 * z4 - 60 * z2) / 16 * m4
      sums.3 += q * (-30 * z6 - 90 * z4 * z4 + cubic + pi2 * pi2 * pi2 * (5 - 30 * z2) / 64 * m6)
      let k2 = Double(k * k)
      let r = exp(-pi2 / 2 / z2 * k2)
      extra.0 += k2 * r
      extra.1 += (3 * z2 - pi2 * k2) * k2 * r
    }
    let root = (2 * Double.pi).squareRoot()
    let first = sums.0 * root / z + sums.1 * root / (6 * z4) / n.squareRoot()
    let second = sums.2 * root / (72 * pow(z, 7)) - extra.0 * pi2 * root / (36 * pow(z, 3))
    let third = sums.3 * root / (6480 * pow(z, 10)) + extra.1 * pi2 * root / (216 * z6)
    return first + second / n + third / pow(n, 1.5)
  }
}

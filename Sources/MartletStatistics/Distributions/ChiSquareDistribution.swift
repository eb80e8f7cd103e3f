import Foundation

/// The chi-square distribution, by the regularised incomplete gamma function.
package enum ChiSquareDistribution {
  /// P(X > x) with the given degrees of freedom.
  package static func survival(_ x: Double, degrees: Double) -> Double {
    guard x > 0 else { return 1 }
    guard x.isFinite, degrees > 0 else { return x.isNaN ? .nan : 0 }
    return upperGamma(shape: degrees / 2, x / 2)
  }

  /// Q(a, x): the series below a + 1, Lentz's continued fraction above (Abramowitz and Stegun 6.5.29 and 6.5.31).
  static func upperGamma(shape a: Double, _ x: Double) -> Double {
    let scale = exp(-x + a * log(x) - lgamma(a))
    return x < a + 1 ? 1 - scale * seriesSum(a, x) : scale * continuedFraction(a, x)
  }

  private static func seriesSum(_ a: Double, _ x: Double) -> Double {
    var term = 1 / a
    var sum = term
    var n = a
    for _ in 0..<100_000 where term > sum * 1e-17 {
      n += 1
      term *= x / n
      sum += term
    }
    return sum
  }

  private static func continuedFraction(_ a: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    var b = x + 1 - a
    var c = 1 / tiny
    var d = 1 / b
    var result = d
    for i in 1..<100_000 {
      let an = -Double(i) * (Double(i) - a)
      b += 2
      d = 1 / nonZero(an * d + b, tiny)
      c = nonZero(b + an / c, tiny)
      result *= d * c
      if abs(d * c - 1) < 1e-16 { break }
    }
    return result
  }

  private static func nonZero(_ value: Double, _ tiny: Double) -> Double { abs(value) < tiny ? tiny : value }
}

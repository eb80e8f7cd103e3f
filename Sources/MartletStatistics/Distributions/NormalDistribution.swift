import Foundation

/// The standard normal distribution.
package enum NormalDistribution {
  /// P(Z ≤ z), by the complementary error function.
  package static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// P(Z > z), exact in the far tail too.
  package static func survival(_ z: Double) -> Double { 0.5 * erfc(z / 2.0.squareRoot()) }

  /// P(|Z| > |z|).
  package static func twoSided(_ z: Double) -> Double { erfc(abs(z) / 2.0.squareRoot()) }

  /// ln of the density.
  package static func logDensity(_ z: Double) -> Double { -0.5 * z * z - 0.918_938_533_204_672_7 }

  /// The z with P(Z ≤ z) = p: P. J. Acklam's rational approximation and two Halley steps, full precision.
  package static func quantile(_ p: Double) -> Double {
    guard p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
    var z = p <= 0.5 ? lowerHalf(p) : -lowerHalf(1 - p)
    for _ in 0..<2 {
      let error = p <= 0.5 ? cumulative(z) - p : (1 - p) - survival(z)
      let step = error * (2 * Double.pi).squareRoot() * exp(z * z / 2)
      z -= step / (1 + z * step / 2)
    }
    return z
  }

  private static func lowerHalf(_ p: Double) -> Double {
    if p < 0.02425 {
      let q = (-2 * log(p)).squareRoot()
      let top = polynomial(
        q,
        [
          -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838, -2.549732539343734, 4.374664141464968,
          2.938163982698783,
        ])
      let bottom = polynomial(
        q, [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996, 3.754408661907416, 1])
      return top / bottom
    }
    let q = p - 0.5
    let r = q * q
    let top = polynomial(
      r,
      [
        -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02,
        -3.066479806614716e+01, 2.506628277459239,
      ])
    let bottom = polynomial(
      r,
      [
        -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
        -1.328068155288572e+01, 1,
      ])
    return q * top / bottom
  }

  private static func polynomial(_ x: Double, _ coefficients: [Double]) -> Double {
    coefficients.reduce(0) { $0 * x + $1 }
  }
}

import Foundation

/// The constants of variables control charts for subgroups of n = 2…25 normal observations with σ = 1.
package enum ControlChartConstants {
  /// The subgroup sizes for which ranges are tabulated.
  package static let sizes = 2...25

  /// Mean of the range (Tippett's integral, as R's `ptukey` gives it); nil outside `sizes`.
  package static func d2(_ n: Int) -> Double? { sizes.contains(n) ? meanRange[n - 2] : nil }

  /// Standard deviation of the range; nil outside `sizes`.
  package static func d3(_ n: Int) -> Double? { sizes.contains(n) ? rangeDeviation[n - 2] : nil }

  /// Mean of the sample standard deviation, √(2/(n−1)) Γ(n/2)/Γ((n−1)/2), for any n ≥ 2.
  package static func c4(_ n: Double) -> Double {
    (2 / (n - 1)).squareRoot() * exp(lgamma(n / 2) - lgamma((n - 1) / 2))
  }

  /// Factor of R̄ for the limits of an X̄ chart, 3/(d₂√n).
  package static func a2(_ n: Int) -> Double? { d2(n).map { 3 / ($0 * Double(n).squareRoot()) } }

  /// Factor of s̄ for the limits of an X̄ chart, 3/(c₄√n).
  package static func a3(_ n: Int) -> Double { 3 / (c4(Double(n)) * Double(n).squareRoot()) }

  /// Factors of s̄ for the limits of an S chart, 1 ∓ 3√(1−c₄²)/c₄, the lower not below 0.
  package static func b3b4(_ n: Int) -> (lower: Double, upper: Double) {
    let c4 = c4(Double(n))
    let width = 3 * (1 - c4 * c4).squareRoot() / c4
    return (max(0, 1 - width), 1 + width)
  }

  /// Factors of R̄ for the limits of an R chart, 1 ∓ 3d₃/d₂, the lower not below 0.
  package static func d3d4(_ n: Int) -> (lower: Double, upper: Double)? {
    guard let d2 = d2(n), let d3 = d3(n) else { return nil }
    return (max(0, 1 - 3 * d3 / d2), 1 + 3 * d3 / d2)
  }

  private static let meanRange: [Double] = [
    1.12837916709571, 1.69256875064413, 2.0587507460143, 2.32592894730363, 2.53441272125618, 2.70435675118439,
    2.8472006118202, 2.97002632367932, 3.07750546036877, 3.17287270223822, 3.25845527872755, 3.33598035501188,
    3.40676311269591, 3.47182689948468, 3.53198280175466, 3.58788398341429, 3.64006378435398, 3.68896305193478,
    3.7349501471218, 3.77833585190527, 3.81938465534215, 3.85832342060522, 3.89534812695197, 3.93062917574223,
  ]

  private static let rangeDeviation: [Double] = [
    0.85250246642948, 0.888368004048654, 0.879808202831754, 0.86408194111516, 0.84803968615061,
    0.833205335673615, 0.819831489855605, 0.807834274640161, 0.797050673652991, 0.787314620680688,
    0.778478341053371, 0.77041620100008, 0.763023092662541, 0.756211423724447, 0.749908079423058,
    0.744051769680818, 0.738590835518184, 0.733481476064904, 0.728686327970323, 0.724173329179037,
    0.719914808419852, 0.715886752728942, 0.712068215279835, 0.708440834004733,
  ]
}

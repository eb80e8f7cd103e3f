import MartletCore

/// A pattern that a process in control seldom shows; every rule reports the last point of its window.
package enum ControlRule: String, Sendable, Hashable, Codable, CaseIterable {
  // Western Electric, Statistical Quality Control Handbook (1956).
  case westernElectric1 = "western-electric-1"
  case westernElectric2 = "western-electric-2"
  case westernElectric3 = "western-electric-3"
  case westernElectric4 = "western-electric-4"
  // L. S. Nelson, "The Shewhart control chart: tests for special causes" (1984).
  case nelson1 = "nelson-1"
  case nelson2 = "nelson-2"
  case nelson3 = "nelson-3"
  case nelson4 = "nelson-4"
  case nelson5 = "nelson-5"
  case nelson6 = "nelson-6"
  case nelson7 = "nelson-7"
  case nelson8 = "nelson-8"

  /// What the pattern is, for people.
  package var meaning: String {
    switch self {
    case .westernElectric1, .nelson1: "one point beyond the control limits"
    case .westernElectric2, .nelson5: "two of three points beyond 2 sigma on the same side"
    case .westernElectric3, .nelson6: "four of five points beyond 1 sigma on the same side"
    case .westernElectric4: "eight points in a row on the same side of the centre"
    case .nelson2: "nine points in a row on the same side of the centre"
    case .nelson3: "six points in a row rising or falling"
    case .nelson4: "fourteen points in a row alternating up and down"
    case .nelson7: "fifteen points in a row within 1 sigma"
    case .nelson8: "eight points in a row beyond 1 sigma on either side"
    }
  }

  /// True for the rule that looks at one point and the limits only.
  package var isLimitRule: Bool { self == .westernElectric1 || self == .nelson1 }

  /// Whether the pattern ends at point `i` of standardised values; `width` is the limits' distance in sigmas.
  func ends(at i: Int, in z: [Double], width: Double) -> Bool {
    func window(_ size: Int) -> ArraySlice<Double>? { i + 1 >= size ? z[(i + 1 - size)...i] : nil }
    func sameSide(_ needed: Int, of size: Int, beyond limit: Double) -> Bool {
      // At the start of a series the window holds the points there are.
      let points = z[max(0, i + 1 - size)...i]
      return points.count { $0 > limit } >= needed || points.count { $0 < -limit } >= needed
    }
    switch self {
    case .westernElectric1, .nelson1: return abs(z[i]) > width
    case .westernElectric2, .nelson5: return sameSide(2, of: 3, beyond: 2)
    case .westernElectric3, .nelson6: return sameSide(4, of: 5, beyond: 1)
    case .westernElectric4: return sameSide(8, of: 8, beyond: 0)
    case .nelson2: return sameSide(9, of: 9, beyond: 0)
    case .nelson3:
      guard let points = window(6) else { return false }
      let pairs = zip(points, points.dropFirst())
      return pairs.allSatisfy(<) || pairs.allSatisfy(>)
    case .nelson4:
      guard let points = window(14) else { return false }
      let steps = zip(points, points.dropFirst()).map { $1 - $0 }
      return zip(steps, steps.dropFirst()).allSatisfy { $0 * $1 < 0 }
    case .nelson7: return window(15).map { $0.allSatisfy { abs($0) < 1 } } ?? false
    case .nelson8: return window(8).map { $0.allSatisfy { abs($0) > 1 } } ?? false
    }
  }
}

/// The rules a chart is judged by.
package struct ControlRuleSet: Sendable, Hashable, Codable {
  package var rules: [ControlRule]

  package init(_ rules: [ControlRule]) { self.rules = rules }

  /// One point beyond the limits, nothing else.
  package static let limits = ControlRuleSet([.westernElectric1])
  package static let westernElectric = ControlRuleSet([
    .westernElectric1, .westernElectric2, .westernElectric3, .westernElectric4,
  ])
  package static let nelson = ControlRuleSet([
    .nelson1, .nelson2, .nelson3, .nelson4, .nelson5, .nelson6, .nelson7, .nelson8,
  ])

  /// `limits`, `western-electric`, `nelson`, or one rule such as `nelson-3`.
  package static func named(_ name: String) throws -> ControlRuleSet {
    switch name {
    case "limits": return .limits
    case "western-electric": return .westernElectric
    case "nelson": return .nelson
    default:
      if let rule = ControlRule(rawValue: name) { return ControlRuleSet([rule]) }
      let known = ["limits", "western-electric", "nelson"] + ControlRule.allCases.map(\.rawValue)
      throw MartletError.invalidInput(
        "unknown control rules '\(name)'\(didYouMean(name, among: known))",
        fix: "use limits, western-electric, nelson, or single rules such as nelson-3")
    }
  }

  /// The rules whose pattern ends at each standardised value; NaN matches none.
  package func violations(_ z: [Double], width: Double = 3) -> [[ControlRule]] {
    z.indices.map { i in rules.filter { $0.ends(at: i, in: z, width: width) } }
  }
}

import Foundation
package import MartletCore

/// Samplers work on the unit interval; a range says which value stands at which place of it.
extension SearchSpace.Range {
  /// Both ends on the range's own scale, whole numbers reaching half a step beyond them; nil for choices.
  private var scale: (low: Double, high: Double, isLog: Bool)? {
    switch self {
    case .real(let from, let to, let isLog): return isLog ? (log(from), log(to), true) : (from, to, false)
    case .whole(let from, let to, let isLog):
      let (low, high) = (Double(from) - 0.5, Double(to) + 0.5)
      return isLog ? (log(low), log(high), true) : (low, high, false)
    case .choice: return nil
    }
  }

  /// The value at a place of the unit interval.
  package func value(at place: Double) -> JSON {
    let place = min(max(place, 0), 1)
    if case .choice(let values) = self { return values[Swift.min(values.count - 1, Int(place * Double(values.count)))] }
    guard let scale else { return .null }
    let onScale = scale.low + place * (scale.high - scale.low)
    let number = scale.isLog ? exp(onScale) : onScale
    switch self {
    case .whole(let from, let to, _):
      let whole = Int64(exactly: number.rounded()) ?? (number < 0 ? from : to)
      return .integer(Swift.min(to, Swift.max(from, whole)))
    case .real(let from, let to, _): return .double(Swift.min(to, Swift.max(from, number)))
    case .choice: return .null
    }
  }

  /// The stretch of the unit interval that gives a value: a point, a whole number's cell, or a choice's share; nil for
  /// a value outside the range.
  func cell(of value: JSON) -> ClosedRange<Double>? {
    if case .choice(let values) = self {
      guard let index = values.firstIndex(of: value) else { return nil }
      return Double(index) / Double(values.count)...Double(index + 1) / Double(values.count)
    }
    guard let scale, let number = value.double else { return nil }
    func place(_ number: Double) -> Double {
      ((scale.isLog ? log(number) : number) - scale.low) / (scale.high - scale.low)
    }
    switch self {
    case .whole(let from, let to, _):
      guard let whole = value.integer, (from...to).contains(whole) else { return nil }
      return place(Double(whole) - 0.5)...place(Double(whole) + 0.5)
    case .real(let from, let to, _):
      guard (from...to).contains(number) else { return nil }
      return place(number)...place(number)
    case .choice: return nil
    }
  }

  /// The middle of a value's cell; nil for a value outside the range.
  func place(_ value: JSON) -> Double? {
    guard case .whole(_, _, log: true) = self, let scale, let number = value.double, cell(of: value) != nil else {
      return cell(of: value).map { ($0.lowerBound + $0.upperBound) / 2 }
    }
    return (log(number) - scale.low) / (scale.high - scale.low)
  }
}

import Foundation
import MartletCore

/// One transformation with what it learned from the training rows.
package enum FittedOperation: Sendable, Hashable, Codable {
  case fill(column: String, with: Double)
  case clip(column: String, low: Double, high: Double)
  case scale(column: String, mean: Double, deviation: Double)
  case log(column: String)
  /// The count of edges that are not above the value.
  case bin(column: String, edges: [Double])
  /// Adds `column_missing`.
  case indicator(column: String)
  /// Text becomes a number; a category not in the table becomes `other`, a missing one `missing`.
  case encode(column: String, table: [String: Double], other: Double, missing: Double)
  /// Text becomes one column `column=category` for each category.
  case oneHot(column: String, categories: [String])
  /// A time becomes `column_hour`, `column_minute`, `column_weekday`, `column_month`, `column_yearday`.
  case dates(column: String)
  case drop(column: String)

  package var column: String {
    switch self {
    case .fill(let column, _), .clip(let column, _, _), .scale(let column, _, _), .log(let column), .bin(let column, _),
      .indicator(let column), .encode(let column, _, _, _), .oneHot(let column, _), .dates(let column),
      .drop(let column):
      column
    }
  }

  static let dateParts = ["hour", "minute", "weekday", "month", "yearday"]
}

/// What happens to one value: the same functions when fitting and when scoring.
enum ValueChange {
  static func fill(_ value: Double, _ replacement: Double) -> Double { value.isNaN ? replacement : value }

  static func clip(_ value: Double, _ low: Double, _ high: Double) -> Double {
    value.isNaN ? value : min(max(value, low), high)
  }

  static func scale(_ value: Double, _ mean: Double, _ deviation: Double) -> Double { (value - mean) / deviation }

  static func log(_ value: Double) -> Double { value < 0 ? -Foundation.log1p(-value) : Foundation.log1p(value) }

  static func bin(_ value: Double, _ edges: [Double]) -> Double {
    if value.isNaN { return value }
    var count = 0
    for edge in edges where edge <= value { count += 1 }
    return Double(count)
  }

  /// One part of a time given in milliseconds since 1970, in UTC.
  static func datePart(_ part: Int, _ milliseconds: Double) -> Double {
    guard milliseconds.isFinite, abs(milliseconds) < 9e15 else { return .nan }
    let time = Timestamp(milliseconds: Int64(milliseconds))
    let sinceMidnight = time.milliseconds - time.startOfDay.milliseconds
    switch part {
    case 0: return Double(sinceMidnight / 3_600_000)
    case 1: return Double(sinceMidnight / 60_000)
    case 2: return Double(time.isoWeekday)
    case 3: return Double(time.date.month)
    default:
      let newYear = Timestamp(year: time.date.year, month: 1, day: 1)
      return Double((time.startOfDay.milliseconds - newYear.milliseconds) / Timestamp.millisecondsPerDay + 1)
    }
  }
}

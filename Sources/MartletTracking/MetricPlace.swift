import MartletCore
import MartletStore

/// A point's place in its series, which is in order of (timestamp, step, value): where reading goes on.
package struct MetricPlace: Sendable, Hashable {
  private var timestamp: Int64
  private var step: Int64
  private var value: Double
  private var isNaN: Bool

  package init(_ point: MetricPoint) {
    timestamp = point.timestamp
    step = point.step
    value = MetricStore.storedValue(point.value)
    isNaN = point.value.isNaN
  }

  /// The place in a page's token; nil when it has none. The value is kept by its bits.
  init?(_ token: PageToken) {
    guard let place = token.after, place.count == 4, let timestamp = place[0].integer, let step = place[1].integer,
      let bits = place[2].integer, let isNaN = place[3].boolean
    else { return nil }
    let value = Double(bitPattern: UInt64(bitPattern: bits))
    guard !value.isNaN else { return nil }
    (self.timestamp, self.step, self.value, self.isNaN) = (timestamp, step, value, isNaN)
  }

  var json: [JSON] {
    [.integer(timestamp), .integer(step), .integer(Int64(bitPattern: value.bitPattern)), .boolean(isNaN)]
  }

  var arguments: [SQLValue] { [.integer(timestamp), .integer(step), .real(value), SQLValue(isNaN)] }
}

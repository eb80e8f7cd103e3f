import MartletCore

/// One point of a series whose run and name are known: no more than three numbers, since there may be very many.
package struct MetricPoint: Sendable, Hashable {
  /// May be NaN.
  package var value: Double
  /// Milliseconds since 1970.
  package var timestamp: Int64
  package var step: Int64

  package func metric(_ key: String) -> Metric { Metric(key: key, value: value, timestamp: timestamp, step: step) }
}

import MartletCore
import MartletTracking

/// A reply, written straight into bytes: snake_case names, unset fields left out, int64 as numbers.
struct WireWriter {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  /// A reply that is written as it is, empty lists and nulls too.
  init(_ json: JSON) { bytes = json.bytes }

  /// `{…}` as the whole reply.
  static func object(_ body: (inout WireWriter) throws -> Void) rethrows -> WireWriter {
    var writer = WireWriter()
    try writer.object(body)
    return writer
  }

  /// `{}`, the reply of what has nothing to say.
  static let empty = WireWriter.object { _ in }

  mutating func object(_ body: (inout WireWriter) throws -> Void) rethrows {
    separate()
    bytes.append(UInt8(ascii: "{"))
    needsComma = false
    try body(&self)
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }

  mutating func object(_ name: StaticString, _ body: (inout WireWriter) throws -> Void) rethrows {
    key(name)
    try object(body)
  }

  /// A list of objects; an empty one is left out.
  mutating func list<Element>(
    _ name: StaticString, _ elements: [Element], _ body: (inout WireWriter, Element) throws -> Void
  ) rethrows {
    guard !elements.isEmpty else { return }
    key(name)
    bytes.append(UInt8(ascii: "["))
    needsComma = false
    for element in elements { try object { try body(&$0, element) } }
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  /// Points of one metric, as objects of a list that is written in parts: what all have in common is put together once.
  mutating func points(_ points: [MetricPoint], of key: String) {
    var start = Array(#"{"key":"#.utf8)
    JSON.write(key, into: &start)
    start += #","value":"#.utf8
    let (timestamp, step) = (Array(#","timestamp":"#.utf8), Array(#","step":"#.utf8))
    for point in points {
      separate()
      bytes += start
      write(point.value)
      bytes += timestamp
      bytes.append(contentsOf: String(point.timestamp).utf8)
      bytes += step
      bytes.append(contentsOf: String(point.step).utf8)
      bytes.append(UInt8(ascii: "}"))
      needsComma = true
    }
  }

  mutating func texts(_ name: StaticString, _ texts: [String]) {
    guard !texts.isEmpty else { return }
    key(name)
    bytes.append(UInt8(ascii: "["))
    for (index, text) in texts.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSON.write(text, into: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  mutating func field(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    key(name)
    JSON.write(value, into: &bytes)
    needsComma = true
  }

  mutating func field(_ name: StaticString, _ value: Int64?) {
    guard let value else { return }
    key(name)
    bytes.append(contentsOf: String(value).utf8)
    needsComma = true
  }

  mutating func field(_ name: StaticString, _ value: Bool) {
    key(name)
    bytes.append(contentsOf: (value ? "true" : "false").utf8)
    needsComma = true
  }

  mutating func field(_ name: StaticString, _ value: Timestamp?) { field(name, value?.milliseconds) }

  /// NaN is the text `"NaN"`; infinities are the largest finite numbers, as MLflow prints them.
  mutating func field(_ name: StaticString, number value: Double) {
    key(name)
    write(value)
    needsComma = true
  }

  private mutating func write(_ value: Double) {
    JSON.write(
      value.isInfinite ? (value > 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude) : value, into: &bytes)
  }

  private mutating func key(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = false
  }
}

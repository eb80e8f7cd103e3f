extension Duration {
  /// Reads a duration as the project file writes it: a number and a unit, such as `500ms`, `30s`, `20m`, `3h`, `7d`
  /// or `2w`. Nil when the text is anything else.
  package init?(written text: String) {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let amount = Double(digits), let unit = Self.milliseconds[String(text.dropFirst(digits.count))] else {
      return nil
    }
    let total = amount * Double(unit)
    guard total.isFinite, total < 1e15 else { return nil }
    self = .milliseconds(Int64(total.rounded()))
  }

  /// The shortest text that `init(written:)` reads back: `90m` becomes `90m`, `120m` becomes `2h`.
  package var written: String {
    let total = wholeMilliseconds
    let units = Self.milliseconds.sorted { $0.value > $1.value }
    let (name, size) = units.first { $0.key != "w" && total % $0.value == 0 && total != 0 } ?? ("ms", 1)
    return "\(total / size)\(name)"
  }

  private static let milliseconds: [String: Int64] = [
    "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
  ]
}

/// A duration as the project file writes it (`3h`), the same in JSON.
package struct WrittenDuration: Sendable, Hashable, Codable, CustomStringConvertible {
  package var duration: Duration

  package init(_ duration: Duration) { self.duration = duration }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let duration = Duration(written: text) else {
      throw MartletError.invalidInput(
        "'\(text.prefix(40))' is not a duration", fix: "write a number and a unit: 30s, 20m, 3h or 7d")
    }
    self.duration = duration
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(duration.written)
  }

  package var description: String { duration.written }
}

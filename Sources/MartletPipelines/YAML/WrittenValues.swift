import MartletCore

/// Quantities as people write them in a project file.
package enum WrittenValues {
  /// A number and a unit, such as `500ms`, `10s`, `20m`, `3h`, `7d` or `2w`; in milliseconds. Nil when it is not one.
  package static func milliseconds(_ text: some StringProtocol) -> Int64? {
    Duration(written: String(text)).map(\.wholeMilliseconds)
  }

  /// `512B`, `2GiB`, `500MB`, `1.5 TiB`; in bytes. Nil when it is not one.
  package static func bytes(_ text: some StringProtocol) -> Int64? {
    var rest = Substring(text)
    guard let number = leadingNumber(&rest) else { return nil }
    let units: [String: Double] = [
      "B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1024, "MiB": 1_048_576,
      "GiB": 1_073_741_824, "TiB": 1_099_511_627_776,
    ]
    guard let unit = units[String(rest.drop { $0 == " " })] else { return nil }
    let value = number * unit
    return value < 1e18 ? Int64(value.rounded()) : nil
  }

  /// `5%` or `0.05` as a share between 0 and 1. Nil when it is not one.
  package static func share(_ text: some StringProtocol) -> Double? {
    var rest = Substring(text)
    guard let number = leadingNumber(&rest), number.isFinite else { return nil }
    let value = rest == "%" ? number / 100 : rest.isEmpty ? number : .nan
    return (0...1).contains(value) ? value : nil
  }

  private static func leadingNumber(_ rest: inout Substring) -> Double? {
    let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
    guard let number = Double(digits), digits.first != "." else { return nil }
    rest = rest.dropFirst(digits.count)
    return number
  }
}

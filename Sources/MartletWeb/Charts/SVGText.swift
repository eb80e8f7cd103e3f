/// Text made safe for HTML and SVG, in element content and in quoted attributes.
package func escaped(_ text: String) -> String {
  var result = ""
  result.reserveCapacity(text.utf8.count)
  for character in text.unicodeScalars {
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.unicodeScalars.append(character)
    }
  }
  return result
}

/// A number as people read it: four significant digits, thousands grouped, no trailing zeros.
package func readable(_ value: Double) -> String {
  guard value.isFinite else { return value.isNaN ? "–" : value > 0 ? "∞" : "−∞" }
  if value == value.rounded(), abs(value) < 1e15 { return grouped(Int64(value)) }
  let magnitude = abs(value)
  if magnitude >= 1e15 { return significant(value) }
  if magnitude >= 1000 { return grouped(Int64(value.rounded())) }
  if magnitude < 0.0001 { return significant(value) }
  let decimals = magnitude >= 100 ? 1 : magnitude >= 10 ? 2 : magnitude >= 1 ? 3 : 4
  return (value < 0 ? "−" : "") + trimmed(fixed(magnitude, decimals: decimals))
}

/// 1234567 as `1,234,567`.
package func grouped(_ value: Int64) -> String {
  let digits = String(value.magnitude)
  var result = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
    result.append(digit)
  }
  return (value < 0 ? "−" : "") + result
}

/// A number with a fixed count of decimals (at most 9), without Foundation's formatting.
package func fixed(_ value: Double, decimals: Int) -> String {
  guard value.isFinite, abs(value) < 1e9 else { return String(value) }
  var scale: Double = 1
  for _ in 0..<decimals { scale *= 10 }
  let scaled = Int64((abs(value) * scale).rounded())
  let whole = scaled / Int64(scale)
  let sign = value < 0 && scaled != 0 ? "-" : ""
  guard decimals > 0 else { return sign + String(whole) }
  let fraction = String(scaled % Int64(scale))
  return sign + String(whole) + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
}

private func trimmed(_ text: String) -> String {
  guard text.contains(".") else { return text }
  var result = Substring(text)
  while result.hasSuffix("0") { result = result.dropLast() }
  return String(result.hasSuffix(".") ? result.dropLast() : result)
}

private func significant(_ value: Double) -> String {
  guard value != 0 else { return "0" }
  var exponent = 0
  var mantissa = abs(value)
  while mantissa < 1 {
    mantissa *= 10
    exponent -= 1
  }
  while mantissa >= 10 {
    mantissa /= 10
    exponent += 1
  }
  return (value < 0 ? "−" : "") + trimmed(fixed(mantissa, decimals: 2)) + "e\(exponent)"
}

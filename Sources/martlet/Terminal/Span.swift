import ArgumentParser

/// A length of time as people write it: `30s`, `5m`, `2h`, `1d`, `250ms`.
struct Span: ExpressibleByArgument {
  let duration: Duration

  init(_ duration: Duration) { self.duration = duration }

  init?(argument: String) {
    let digits = argument.prefix { $0.isNumber || $0 == "." }
    guard let amount = Double(digits), amount >= 0, amount < 1e9 else { return nil }
    switch argument.dropFirst(digits.count) {
    case "ms": duration = .seconds(amount / 1000)
    case "s", "": duration = .seconds(amount)
    case "m": duration = .seconds(amount * 60)
    case "h": duration = .seconds(amount * 3600)
    case "d": duration = .seconds(amount * 86_400)
    default: return nil
    }
  }
}

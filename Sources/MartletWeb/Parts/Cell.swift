import MartletCore

/// One cell of a table, as HTML that is safe already.
struct Cell {
  var html: String
  /// May be broken anywhere, for long words such as addresses and reasons.
  var wraps = false

  /// - Parameter detail: small print below.
  static func text(_ text: String?, link: String? = nil, detail: String? = nil) -> Cell {
    guard let text, !text.isEmpty else { return Cell(html: "–") }
    let main = link.map { #"<a href="\#(escaped($0))">\#(escaped(text))</a>"# } ?? escaped(text)
    // Dates and short names are not broken.
    let whole = text.count <= 26 ? #"<span class="nowrap">\#(main)</span>"# : main
    return Cell(html: whole + small(detail), wraps: text.utf8.count > 40)
  }

  static func number(_ value: Double?) -> Cell { Cell(html: value.map(readable) ?? "–") }
  static func count(_ value: some BinaryInteger) -> Cell { Cell(html: grouped(Int64(value))) }
  /// With one decimal always, so that a column of them lines up.
  static func share(_ value: Double?) -> Cell {
    Cell(html: value.flatMap { $0.isFinite ? "\(fixed($0 * 100, decimals: 1)) %" : nil } ?? "–")
  }
  static func code(_ text: String?) -> Cell {
    Cell(html: text.map { "<code>\(escaped($0))</code>" } ?? "–", wraps: (text?.utf8.count ?? 0) > 40)
  }

  static func badge(_ badge: Badge?, detail: String? = nil) -> Cell {
    Cell(html: (badge?.html ?? "–") + small(detail))
  }

  static func time(_ time: Timestamp?) -> Cell { Cell(html: time.map(timeElement) ?? "–") }

  private static func small(_ detail: String?) -> String {
    detail.map { text in
      let style = text.count <= 26 ? "nowrap" : text.count <= 80 ? "wrap" : "wrap long"
      return #"<br><span class="muted small \#(style)">\#(escaped(text))</span>"#
    } ?? ""
  }
}

/// A short word on a coloured ground.
struct Badge: Hashable {
  /// `good`, `bad`, `warn`, `live`; plain is empty.
  enum Tone: String {
    case good, bad, warn, live
    case plain = ""
  }

  var text: String
  var tone: Tone

  init(_ text: String, _ tone: Tone = .plain) {
    self.text = text
    self.tone = tone
  }

  var html: String { #"<span class="badge \#(tone.rawValue)">\#(escaped(text))</span>"# }
}

/// An instant as people read it, in UTC, with the exact one for machines.
func timeElement(_ time: Timestamp) -> String {
  #"<time datetime="\#(time.description)">\#(shortTime(time))</time>"#
}

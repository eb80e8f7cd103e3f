import MartletCore

/// Names with their values, one below the other.
struct Facts {
  private var entries: [(name: String, html: String)] = []

  init() {}

  /// Leaves out what has no value.
  mutating func add(_ name: String, _ text: String?, link: String? = nil) {
    guard let text, !text.isEmpty else { return }
    entries.append((name, link.map { #"<a href="\#(escaped($0))">\#(escaped(text))</a>"# } ?? escaped(text)))
  }

  /// - Parameter detail: small print after the value, such as its interval.
  mutating func add(_ name: String, _ text: String, detail: String?) {
    let small = detail.map { #" <span class="muted small nowrap">\#(escaped($0))</span>"# } ?? ""
    entries.append((name, #"<span class="nowrap">\#(escaped(text))</span>\#(small)"#))
  }

  mutating func add(_ name: String, badge: Badge) { entries.append((name, badge.html)) }
  mutating func add(_ name: String, code: String?) {
    if let code { entries.append((name, "<code>\(escaped(code))</code>")) }
  }
  mutating func add(_ name: String, time: Timestamp?) { if let time { entries.append((name, timeElement(time))) } }

  var isEmpty: Bool { entries.isEmpty }

  var html: String { list("facts") }

  /// Beside each other as far as there is room, for facts that are not the main thing.
  var flowing: String { isEmpty ? "" : list("facts flow") }

  private func list(_ style: String) -> String {
    let items = entries.map { "<div><dt>\(escaped($0.name))</dt><dd>\($0.html)</dd></div>" }
    return #"<dl class="\#(style)">\#(items.joined())</dl>"#
  }
}

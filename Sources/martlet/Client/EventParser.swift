/// Cuts a byte stream into server-sent events (WHATWG HTML, section 9.2).
struct EventParser {
  struct Event {
    var name: String?
    var data: String
  }

  private var line: [UInt8] = []
  private var name: String?
  private var data: [String] = []

  mutating func read(_ bytes: some Sequence<UInt8>) -> [Event] {
    var events: [Event] = []
    for byte in bytes {
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if let event = finishLine() { events.append(event) }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  private mutating func finishLine() -> Event? {
    let text = String(decoding: line, as: UTF8.self)
    if text.isEmpty {
      defer { (name, data) = (nil, []) }
      return data.isEmpty ? nil : Event(name: name, data: data.joined(separator: "\n"))
    }
    if let value = field("data", text) { data.append(value) }
    if let value = field("event", text) { name = value }
    return nil
  }

  private func field(_ field: String, _ text: String) -> String? {
    guard text.hasPrefix(field + ":") else { return nil }
    let value = text.dropFirst(field.count + 1)
    return String(value.first == " " ? value.dropFirst() : value)
  }
}

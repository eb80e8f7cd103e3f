import MartletCore

/// JSON over several lines, members in order of name, two spaces a level.
enum PrettyJSON {
  static func text(_ json: JSON) -> String {
    var text = ""
    write(json, indent: "", into: &text)
    return text
  }

  private static func write(_ json: JSON, indent: String, into text: inout String) {
    let inner = indent + "  "
    switch json {
    case .object(let members) where !members.isEmpty:
      text += "{\n"
      for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        text += "\(index > 0 ? ",\n" : "")\(inner)\(JSON.string(member.key).text): "
        write(member.value, indent: inner, into: &text)
      }
      text += "\n\(indent)}"
    case .array(let items) where items.contains { $0.object != nil || $0.array != nil }:
      text += "[\n"
      for (index, item) in items.enumerated() {
        text += "\(index > 0 ? ",\n" : "")\(inner)"
        write(item, indent: inner, into: &text)
      }
      text += "\n\(indent)]"
    default: text += json.text
    }
  }
}

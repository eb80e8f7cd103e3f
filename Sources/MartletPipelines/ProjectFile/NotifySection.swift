import MartletCore

/// Who hears of what.
package struct NotifySection: Sendable, Hashable, Codable {
  package var events: [String]
  /// `log`, or `webhook:secret:NAME`: the address is a secret of the server, never written in a project.
  package var to: String

  package static let events = [
    "run.failed", "run.succeeded", "gate.failed", "data.quarantined", "drift", "quality", "service", "schema",
    "rollback", "promotion",
  ]

  static func read(_ reader: MappingReader) -> NotifySection? {
    var events: [String] = []
    for node in reader.list("events") {
      guard let event = reader.problems.text(node, reader.path(of: "events")) else { continue }
      if !Self.events.contains(event) {
        reader.problems.add(
          node.position,
          "unknown event '\(event.prefix(64))'\(didYouMean(event, among: Self.events)); they are \(Self.events.joined(separator: ", "))"
        )
      }
      events.append(event)
    }
    if !reader.has("events") { reader.require("events") }
    let to = reader.text("to", required: true)
    if let to { check(to, reader) }
    reader.finish()
    return to.map { NotifySection(events: events, to: $0) }
  }

  private static func check(_ destination: String, _ reader: MappingReader) {
    guard destination != "log" else { return }
    let prefix = "webhook:secret:"
    if destination.hasPrefix(prefix) {
      let name = String(destination.dropFirst(prefix.count))
      reader.problems.checkName(name, at: reader.position(of: "to"), reader.path(of: "to"))
    } else {
      let hint = didYouMean(destination, among: ["log", prefix + "NAME"])
      reader.problems.add(
        reader.position(of: "to"),
        "\(reader.path(of: "to")) is log or webhook:secret:NAME, with the address as MARTLET_SECRET_NAME in the server's environment\(hint)"
      )
    }
  }
}

import Logging
import MartletCore
import MartletLedger
import MartletMonitoring
import MartletRegistry

/// Reads from a ledger entry what MLflow's webhooks are told of the registry.
///
/// The entry holds all that the message says, so that a tag that is set twice is told twice, each time as it was.
struct RegistryEventSource: Sendable {
  let webhooks: RegistryWebhooks

  /// Entries that can be of interest; all others are passed over.
  static let actions: Set<String> = [
    "model.created", "model.version.registered", "model.tag.set", "model.tag.removed", "model.version.tag.set",
    "model.version.tag.removed", "model.alias.set", "model.alias.removed",
  ]

  /// Messages about an entry, one for each webhook that listens.
  func notifications(of record: LedgerRecord) async throws -> [(notification: Notification, destination: String)] {
    guard let message = Self.message(of: record) else { return [] }
    let listening = try await webhooks.listeners(at: record.time)[message.event] ?? []
    let notification = Notification(
      event: message.event.description, project: "", subject: record.entry.object, severity: .info,
      reason: message.event.description, eventTime: record.time, page: "/models", payload: message.body)
    return listening.map { (notification, NotificationDelivery.registryPrefix + $0.text) }
  }

  /// What is told of an entry; nil when nothing is.
  static func message(of record: LedgerRecord) -> RegistryMessage? {
    let entry = record.entry
    let facts = entry.after ?? entry.before ?? [:]
    let isPrompt = facts["prompt"]?.boolean ?? false
    guard let event = event(entry.action, isPrompt: isPrompt) else { return nil }
    let (name, version) = subject(of: entry)
    var data: [String: JSON] = ["name": .string(name)]
    data["version"] = (facts["version"]?.integer.map { String($0) } ?? version).map(JSON.string)
    for member in ["key", "value", "alias"] { data[member] = facts[member] }
    if event.action == .created, facts["alias"] == nil { data.merge(created(facts, event)) { $1 } }
    return RegistryMessage(event: event, time: record.time, data: .object(data))
  }

  private static func event(_ action: String, isPrompt: Bool) -> RegistryEvent? {
    switch action {
    case "model.created": RegistryEvent(isPrompt ? .prompt : .registeredModel, .created)
    case "model.version.registered": RegistryEvent(isPrompt ? .promptVersion : .modelVersion, .created)
    case "model.tag.set": isPrompt ? RegistryEvent(.promptTag, .set) : nil
    case "model.tag.removed": isPrompt ? RegistryEvent(.promptTag, .deleted) : nil
    case "model.version.tag.set": RegistryEvent(isPrompt ? .promptVersionTag : .modelVersionTag, .set)
    case "model.version.tag.removed": RegistryEvent(isPrompt ? .promptVersionTag : .modelVersionTag, .deleted)
    case "model.alias.set": RegistryEvent(isPrompt ? .promptAlias : .modelVersionAlias, .created)
    case "model.alias.removed": RegistryEvent(isPrompt ? .promptAlias : .modelVersionAlias, .deleted)
    default: nil
    }
  }

  /// What is told of a new model, version, prompt or prompt's version beside its name.
  private static func created(_ facts: JSON, _ event: RegistryEvent) -> [String: JSON] {
    var tags = facts["tags"]?.object ?? [:]
    var data: [String: JSON] = ["description": facts["description"] ?? .null]
    switch event.entity {
    case .modelVersion:
      data["source"] = facts["source"] ?? ""
      data["run_id"] = facts["run"] ?? .null
    case .promptVersion: data["template"] = tags.removeValue(forKey: "mlflow.prompt.text") ?? .null
    default: break
    }
    if event.entity != .modelVersion, event.entity != .registeredModel {
      tags["mlflow.prompt.is_prompt"] = nil
      tags["_mlflow_prompt_type"] = nil
    }
    data["tags"] = .object(tags)
    if event.entity == .modelVersion || event.entity == .promptVersion, data["description"]?.string == "" {
      data["description"] = .null
    }
    return data
  }

  /// `m` and `3` of `model:m@3`. The name itself may hold an `@`.
  private static func subject(of entry: LedgerEntry) -> (name: String, version: String?) {
    let text = entry.object.split(separator: ":", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
    guard entry.action.hasPrefix("model.version."), let at = text.lastIndex(of: "@") else { return (text, nil) }
    return (String(text[..<at]), String(text[text.index(after: at)...]))
  }
}

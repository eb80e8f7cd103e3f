package import MartletCore

/// What can happen in the registry that somebody outside is told of, by MLflow's names (mlflow/entities/webhook.py).
package struct RegistryEvent: Sendable, Hashable, CustomStringConvertible {
  package enum Entity: String, Sendable, Hashable {
    case registeredModel = "registered_model"
    case modelVersion = "model_version"
    case modelVersionTag = "model_version_tag"
    case modelVersionAlias = "model_version_alias"
    case prompt
    case promptVersion = "prompt_version"
    case promptTag = "prompt_tag"
    case promptVersionTag = "prompt_version_tag"
    case promptAlias = "prompt_alias"
  }

  package enum Action: String, Sendable, Hashable {
    case created
    case set
    case deleted
  }

  package let entity: Entity
  package let action: Action

  package init(_ entity: Entity, _ action: Action) {
    self.entity = entity
    self.action = action
  }

  /// Every event there is.
  package static let all: [RegistryEvent] = [
    .init(.registeredModel, .created), .init(.modelVersion, .created), .init(.modelVersionTag, .set),
    .init(.modelVersionTag, .deleted), .init(.modelVersionAlias, .created), .init(.modelVersionAlias, .deleted),
    .init(.prompt, .created), .init(.promptVersion, .created), .init(.promptTag, .set), .init(.promptTag, .deleted),
    .init(.promptVersionTag, .set), .init(.promptVersionTag, .deleted), .init(.promptAlias, .created),
    .init(.promptAlias, .deleted),
  ]

  /// `model_version.created`
  package var description: String { "\(entity.rawValue).\(action.rawValue)" }

  /// Reads `model_version.created`, in any case of letters; the error lists what there is.
  package init(written text: String) throws {
    let known = Self.all
    guard let event = known.first(where: { $0.description == text.lowercased() }) else {
      let names = known.map(\.description)
      throw MartletError.invalidInput(
        "Webhook event '\(text.prefix(80))' is not one that this server tells of\(didYouMean(text, among: names))",
        fix: "use one of \(names.joined(separator: ", "))")
    }
    self = event
  }
}

/// The body that a receiver gets for an event, as MLflow writes it (mlflow/webhooks/types.py).
package struct RegistryMessage: Sendable, Hashable {
  package var event: RegistryEvent
  package var time: Timestamp
  package var data: JSON

  package init(event: RegistryEvent, time: Timestamp, data: JSON) {
    self.event = event
    self.time = time
    self.data = data
  }

  package var body: JSON {
    [
      "entity": .string(event.entity.rawValue), "action": .string(event.action.rawValue),
      // Python's isoformat, which names UTC by its offset.
      "timestamp": .string(String(time.description.dropLast()) + "+00:00"), "data": data,
    ]
  }

  /// What `test` sends.
  package static func example(of event: RegistryEvent, at time: Timestamp) -> RegistryMessage {
    let isPrompt = event.entity.rawValue.hasPrefix("prompt")
    let kind = isPrompt ? "prompt" : "model"
    var data: [String: JSON] = ["name": .string("example_\(kind)")]
    switch event.entity {
    case .registeredModel, .prompt:
      data["tags"] = ["example_key": "example_value"]
      data["description"] = .string(isPrompt ? "An example prompt" : "An example registered model")
    case .modelVersion, .promptVersion:
      data["version"] = "1"
      data["tags"] = ["example_key": "example_value"]
      data["description"] = .string("An example \(kind) version")
      if isPrompt {
        data["template"] = "Hello {{name}}!"
      } else {
        data["source"] = "models:/123"
        data["run_id"] = "abcd1234abcd5678"
      }
    case .modelVersionTag, .promptVersionTag, .promptTag:
      if event.entity != .promptTag { data["version"] = "1" }
      data["key"] = "example_key"
      if event.action == .set { data["value"] = "example_value" }
    case .modelVersionAlias, .promptAlias:
      data["alias"] = "example_alias"
      if event.action == .created { data["version"] = "1" }
    }
    return RegistryMessage(event: event, time: time, data: .object(data))
  }
}

import MartletCore
import MartletRegistry

/// The shapes of the registry, as protos/model_registry.proto has them.
extension WireWriter {
  mutating func write(_ model: RegisteredModel) {
    field("name", model.name.text)
    field("creation_timestamp", model.creationTime)
    field("last_updated_timestamp", model.lastUpdateTime)
    field("description", model.description ?? "")
    list("latest_versions", model.latestVersions) { $0.write($1) }
    writeTags(model.tags)
    list("aliases", model.aliases.sorted { $0.key < $1.key }) { writer, alias in
      writer.field("alias", alias.key)
      writer.field("version", String(alias.value))
    }
  }

  mutating func write(_ version: ModelVersion) {
    field("name", version.id.model.text)
    field("version", String(version.id.version))
    field("creation_timestamp", version.creationTime)
    field("last_updated_timestamp", version.lastUpdateTime)
    field("user_id", version.createdBy)
    field("current_stage", version.stage.rawValue)
    field("description", version.description ?? "")
    field("source", version.source)
    field("run_id", version.run?.text ?? "")
    field("status", version.status.rawValue)
    field("status_message", version.statusMessage)
    writeTags(version.tags)
    field("run_link", version.runLink ?? "")
    texts("aliases", version.aliases)
    field("model_id", version.loggedModelID)
  }

  private mutating func writeTags(_ tags: [String: String]) {
    list("tags", tags.sorted { $0.key < $1.key }) { writer, tag in
      writer.field("key", tag.key)
      writer.field("value", tag.value)
    }
  }
}

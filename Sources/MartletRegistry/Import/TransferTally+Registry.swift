import MartletCore

extension TransferTally {
  /// What is counted of the registry.
  package mutating func add(_ model: ImportedModel) {
    add(
      "registered models", model.name, model.description, String(model.creationTime), String(model.lastUpdateTime))
    for (key, value) in model.tags { add("registered model tags", model.name, key, value) }
    for (alias, version) in model.aliases { add("aliases", model.name, alias, String(version)) }
    for version in model.versions {
      let id = "\(model.name)@\(version.version)"
      add(
        "model versions", id, version.source, version.run, version.runLink, version.description, version.user,
        version.stage, version.status, String(version.creationTime), String(version.lastUpdateTime))
      for (key, value) in version.tags { add("model version tags", id, key, value) }
    }
  }
}

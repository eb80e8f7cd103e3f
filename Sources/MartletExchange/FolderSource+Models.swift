import Foundation
import MartletCore
package import MartletRegistry

/// The registry of MLflow's file store (mlflow/store/model_registry/file_store.py): `models/<name>/version-<n>`.
extension FolderSource {
  package func modelNames() async throws -> [String] {
    try FolderFile.folders("\(root)/models").filter { FolderFile.exists("\(root)/models/\($0)/meta.yaml") }
  }

  package func model(_ name: String) async throws -> ImportedModel {
    let folder = "\(root)/models/\(name)"
    let meta = try FolderFile.yaml("\(folder)/meta.yaml")
    var model = ImportedModel(
      name: meta.text("name") ?? name, description: meta.text("description").nonEmpty,
      creationTime: meta.whole("creation_timestamp") ?? 0, lastUpdateTime: meta.whole("last_updated_timestamp") ?? 0,
      tags: try FolderFile.table("\(folder)/tags"), aliases: [:], versions: [], lastVersion: 0)
    for alias in try FolderFile.files("\(folder)/aliases") {
      let text = try FolderFile.text("\(folder)/aliases/\(alias)").trimmingCharacters(in: .whitespacesAndNewlines)
      model.aliases[alias] = Int(text)
    }
    for entry in try FolderFile.folders(folder) where entry.hasPrefix("version-") {
      let path = "\(folder)/\(entry)"
      let version = try version(at: path)
      model.lastVersion = max(model.lastVersion, version.version)
      if version.stage != "Deleted_Internal" { model.versions.append(version) }
    }
    model.versions.sort { $0.version < $1.version }
    return model
  }

  private func version(at path: String) throws -> ImportedVersion {
    let meta = try FolderFile.yaml("\(path)/meta.yaml")
    let source = meta.text("source") ?? ""
    let place = meta.text("storage_location").flatMap(ArtifactAddress.place) ?? ArtifactAddress.place(source)
    return ImportedVersion(
      version: Int(meta.whole("version") ?? 0), source: source, run: meta.text("run_id").nonEmpty,
      runLink: meta.text("run_link").nonEmpty, loggedModel: meta.text("model_id").nonEmpty ?? place?.loggedModel,
      description: meta.text("description").nonEmpty, user: meta.text("user_id") ?? "",
      stage: meta.text("current_stage").nonEmpty ?? "None", status: meta.text("status").nonEmpty ?? "READY",
      statusMessage: meta.text("status_message").nonEmpty, creationTime: meta.whole("creation_timestamp") ?? 0,
      lastUpdateTime: meta.whole("last_updated_timestamp") ?? 0, tags: try FolderFile.table("\(path)/tags"),
      place: place)
  }
}

import MartletAccess
import MartletCore
import MartletData
import MartletGovernance
import MartletLifecycle
import MartletPipelines
import MartletRegistry
import MartletServing

extension VersionPage {
  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let id = try StandingForms.version(request)
    let (name, number) = (id.model, id.version)
    let version = try await platform.registry.version(id).shown(to: request)
    let content = try await content(version, platform, request)
    let encoded = ObjectLink.pathEncoded(name.text) ?? ""
    return Page(
      title: version.id.description, section: .models,
      crumbs: [Link(label: "Models", link: "/models"), Link(label: name.text, link: "/models/\(encoded)")],
      template: "version",
      model: VersionPage(content), apiLink: "/api/v1/models/\(encoded)/versions/\(number)",
      command: "martlet model show \(version.id)")
  }

  private static func content(
    _ version: ModelVersion, _ platform: Platform, _ request: PageRequest
  ) async throws -> Content {
    var content = Content(
      version: version, evidence: VersionEvidence(version.lineage),
      model: try await platform.registry.model(version.id.model))
    if let run = version.run { content.gates = try await platform.gates.records(on: "run:\(run)") }
    content.gates += try await platform.gates.records(on: "model:\(version.id)")
    for endpoint in try await platform.deployments.endpoints()
    where request.shows(endpoint.definition.project, .overview) {
      content.deployments += try await platform.deployments.deployments(of: endpoint.definition.name).filter {
        $0.version == version.id
      }
    }
    guard let lineage = content.evidence.lineage else { return content }
    content.unit = try? await platform.projects.version(lineage.project, lineage.projectVersion).file.charter?.decision?
      .unit
    for input in lineage.data {
      let name = input.dataset.split(separator: "/").last.map(String.init) ?? input.dataset
      let key = DatasetKey(project: lineage.project, name: DatasetName(name))
      // A dataset that is gone leaves the rest of the lineage readable.
      guard let data = try? await platform.data.version(key, input.version.text),
        let detail = try? await platform.data.detail(data)
      else { continue }
      content.uploads += uploads(detail, as: input.dataset)
    }
    return content
  }

  /// One node for a single upload, one for many together.
  private static func uploads(_ detail: VersionDetail, as dataset: String) -> [LineageDrawing.Upload] {
    let files = Dictionary(grouping: detail.partitions) { $0.source?.hex ?? $0.digest.hex }
    guard files.count > 2 else {
      return files.values.compactMap { $0.first }.map { partition in
        LineageDrawing.Upload(
          dataset: dataset, name: partition.sourceName ?? partition.partition,
          detail: partition.source.map { "SHA-256 \($0.short)" } ?? "")
      }.sorted { $0.name < $1.name }
    }
    let span = [detail.partitions.first?.partition, detail.partitions.last?.partition].compactMap(\.self).joined(
      separator: " to ")
    return [LineageDrawing.Upload(dataset: dataset, name: counted(files.count, "uploaded file"), detail: span)]
  }
}

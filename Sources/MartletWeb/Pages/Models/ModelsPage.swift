import MartletAccess
import MartletCore
import MartletLifecycle
import MartletRegistry

/// All registered models.
struct ModelsPage {
  var summary: String
  var models: String

  init(_ models: [RegisteredModel]) {
    summary = counted(models.count, "model")
    self.models =
      Table(
        "Models",
        columns: [
          .init("Model"), .number("Newest version"), .init("Aliases"), .init("What it is for"), .init("By"),
          .init("Changed"),
        ],
        rows: models.map { model in
          let newest = model.latestVersions.map(\.id.version).max()
          let aliases = model.aliases.sorted { $0.key < $1.key }.map { Badge("\($0.key) → \($0.value)", .live).html }
          return Table.Row([
            .text(model.name.text, link: "/models/\(ObjectLink.pathEncoded(model.name.text) ?? "")"),
            Cell(html: newest.map(String.init) ?? "–"),
            Cell(html: aliases.isEmpty ? "–" : aliases.joined(separator: " ")),
            .text(model.description), .text(model.createdBy), .time(model.lastUpdateTime),
          ])
        }, empty: "No models yet: a register step of martlet run, or mlflow.register_model, makes the first."
      ).html
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let found = try await platform.registry.searchModels(limit: 1000).items
    let models = request.sight?.models(found, .overview) ?? found
    return Page(
      title: "Models", section: .models, template: "models", model: ModelsPage(models), apiLink: "/api/v1/models",
      command: "martlet model list")
  }
}

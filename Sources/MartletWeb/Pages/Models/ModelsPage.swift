import MartletAccess
import MartletCore
import MartletLifecycle
import MartletRegistry

/// Registered models: filtered by MLflow's grammar, a page at a time.
struct ModelsPage {
  var summary: String
  var models: String
  var filter: String
  var problem: String?
  var nextLink: String?

  private static let onAPage = 100

  init(_ models: [RegisteredModel], filter: String? = nil, problem: MartletError? = nil, nextLink: String? = nil) {
    summary = counted(models.count, "model") + (nextLink == nil ? "" : " on this page")
    self.filter = filter ?? ""
    self.problem = problem.map { [$0.message, $0.fix].compactMap(\.self).joined(separator: ": ") }
    self.nextLink = nextLink
    let none = "No models yet: a register step of martlet run, or mlflow.register_model, makes the first."
    self.models = Self.table(models, empty: filter == nil ? none : "No model matches the filter.").html
  }

  private static func table(_ models: [RegisteredModel], empty: String) -> Table {
    Table(
      "Models",
      columns: [
        .init("Model"), .number("Newest version"), .init("Aliases"), .init("Stages"), .init("What it is for"),
        .init("By"), .init("Changed"),
      ],
      rows: models.map { model in
        let newest = model.latestVersions.map(\.id.version).max()
        let aliases = model.aliases.sorted { $0.key < $1.key }.map { Badge("\($0.key) → \($0.value)", .live).html }
        let stages = model.latestVersions.filter { $0.stage != .none }.map {
          Badge("\($0.stage.rawValue) → \($0.id.version)").html
        }
        return Table.Row([
          .text(model.name.text, link: ObjectLink.model(model.name)), Cell(html: newest.map(String.init) ?? "–"),
          Cell(html: aliases.isEmpty ? "–" : aliases.joined(separator: " ")),
          Cell(html: stages.isEmpty ? "–" : stages.joined(separator: " ")),
          .text(model.description.map { shortened($0, limit: 200) }), .text(model.createdBy),
          .time(model.lastUpdateTime),
        ])
      }, empty: empty)
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let filter = request.text("filter")
    let model: ModelsPage
    do {
      let found = try await platform.registry.searchModels(
        filter: filter, limit: onAPage, pageToken: request.text("page"),
        visibility: request.visibility(of: .model, .overview))
      model = ModelsPage(
        found.items, filter: filter,
        nextLink: found.nextToken.map { link("/models", ["filter": filter, "page": $0]) })
    } catch let error as MartletError where error.code == .invalidInput {
      model = ModelsPage([], filter: filter, problem: error)
    }
    return Page(
      title: "Models", section: .models, template: "models", model: model,
      apiLink: link("/api/v1/models", ["filter": filter]), command: "martlet model list")
  }
}

import MartletArtifacts
import MartletCore
import MartletLifecycle
import MartletTracking

/// A model that a run logged, before and besides its registration.
struct LoggedModelPage {
  var name: String
  var status: String
  var facts: String
  var metrics: String
  var params: String
  var tags: String
  var artifacts: String

  private static let most = 300

  init(_ model: LoggedModel, experiment: Experiment, tree: ArtifactTree?) {
    name = model.name
    status = model.status.badge.html
    var facts = Facts()
    facts.add("Logged model", code: model.id)
    facts.add("Experiment", experiment.name, link: ObjectLink.experiment(experiment.id))
    if let run = model.sourceRun { facts.add("Run", String(run.text.prefix(8)), link: ObjectLink.run(run)) }
    facts.add("Type", model.modelType)
    facts.add("Created", time: model.creationTime)
    facts.add("Changed", time: model.lastUpdateTime)
    self.facts = facts.html
    metrics =
      Table(
        "Metrics",
        columns: [.init("Metric"), .number("Value"), .number("Step"), .init("Data set"), .init("Measured by")],
        rows: model.metrics.prefix(Self.most).map { measured in
          Table.Row([
            .text(measured.metric.key), .number(measured.metric.value), .count(measured.metric.step),
            .text(measured.metric.datasetName),
            .text(String(measured.run.text.prefix(8)), link: ObjectLink.run(measured.run)),
          ])
        }, empty: "No metrics were logged."
      ).html
    params = Self.pairs("Parameters", model.params)
    tags = Self.pairs("Tags", model.tags)
    artifacts =
      tree.map { ArtifactListing($0, of: .loggedModel(model.id), folder: "").table.html }
      ?? #"<p class="empty">This server does not keep the model's files.</p>"#
  }

  private static func pairs(_ name: String, _ pairs: [KeyValue]) -> String {
    Table(
      name, columns: [.init("Name"), .init("Value")],
      rows: pairs.prefix(most).map { Table.Row([.code($0.key), .text(String($0.value.prefix(600)))]) },
      empty: "No \(name.lowercased())."
    ).html
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let model = try await platform.tracker.loggedModel(try request.name("id"))
    let experiment = try await platform.tracker.experiment(model.experiment)
    var tree: ArtifactTree?
    if let root = ArtifactLocation.path(ofURI: model.artifactURI), !root.isEmpty {
      tree = try await platform.tracker.artifactTree(below: root, limit: ArtifactListing.mostListed)
    }
    return Page(
      title: model.name, section: .experiments,
      crumbs: [
        Link(label: "Experiments", link: "/experiments"),
        Link(label: experiment.name, link: ObjectLink.experiment(experiment.id)),
      ], template: "logged-model", model: LoggedModelPage(model, experiment: experiment, tree: tree))
  }
}

extension LoggedModel.Status {
  var badge: Badge {
    switch self {
    case .pending: Badge("being uploaded", .live)
    case .ready: Badge("ready", .good)
    case .uploadFailed: Badge("upload failed", .bad)
    }
  }
}

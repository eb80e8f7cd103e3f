import MartletAccess
import MartletCore
import MartletData
import MartletFeatures
import MartletLifecycle
import MartletPipelines
import MartletRegistry
import MartletServing
import MartletTracking

/// Jump to anything by the beginning of its name or id.
struct SearchPage {
  struct Hit {
    var kind: String
    var name: String
    var link: String
  }

  var query: String
  var hasQuery: Bool
  var isEmpty: Bool
  var hits: [Hit]

  init(_ query: String, _ hits: [Hit]) {
    self.query = query
    self.hits = hits
    hasQuery = !query.isEmpty
    isEmpty = hasQuery && hits.isEmpty
  }

  /// The page of the only thing that is meant; nil when there is a choice.
  static func target(_ query: String, _ hits: [Hit]) -> String? {
    let exact = hits.filter { $0.name.lowercased() == query.lowercased() }
    if exact.count == 1 { return exact[0].link }
    return hits.count == 1 ? hits[0].link : nil
  }

  static func load(_ query: String, _ hits: [Hit]) -> Page {
    Page(title: "Search", section: nil, template: "search", model: SearchPage(query, hits))
  }

  /// Everything whose name holds the text or whose id begins with it; names that begin with it come first.
  static func hits(_ query: String, _ platform: Platform, _ request: PageRequest) async throws -> [Hit] {
    let wanted = query.lowercased()
    guard !wanted.isEmpty else { return [] }
    var hits: [Hit] = []
    for record in try await platform.data.datasets()
    where record.key.description.lowercased().contains(wanted) && request.shows(record.key.project) {
      hits.append(Hit(kind: "dataset", name: record.key.name.text, link: DatasetPage.path(record.key)))
    }
    let endpoints = try await platform.deployments.endpoints().filter { request.shows($0.definition.project) }
    for endpoint in endpoints.map(\.definition.name.text) where endpoint.lowercased().contains(wanted) {
      hits.append(Hit(kind: "endpoint", name: endpoint, link: "/endpoints/\(ObjectLink.pathEncoded(endpoint) ?? "")"))
    }
    let models = try await platform.registry.searchModels(limit: 1000, visibility: request.visibility(of: .model)).items
    for model in models.map(\.name.text) where model.lowercased().contains(wanted) {
      hits.append(Hit(kind: "model", name: model, link: "/models/\(ObjectLink.pathEncoded(model) ?? "")"))
    }
    for view in try await platform.features.views()
    where view.name.lowercased().contains(wanted) && request.shows(view.project) {
      hits.append(Hit(kind: "feature view", name: view.name, link: "/data#feature-\(view.project)-\(view.name)"))
    }
    hits += try await tracked(query, platform, request)
    hits += try await pipelineRuns(wanted, platform, request)
    return Array(hits.sorted { rank($0, wanted) < rank($1, wanted) }.prefix(100))
  }

  private static func rank(_ hit: Hit, _ wanted: String) -> (Int, String) {
    (hit.name.lowercased().hasPrefix(wanted) ? 0 : 1, hit.name)
  }

  private static func tracked(_ query: String, _ platform: Platform, _ request: PageRequest) async throws -> [Hit] {
    let visibility = request.visibility(of: .experiment)
    let experiments = try await platform.tracker.searchExperiments(limit: 1000, visibility: visibility).items
    var hits = experiments.filter { $0.name.lowercased().contains(query.lowercased()) }.map {
      Hit(kind: "experiment", name: $0.name, link: "/experiments/\($0.id)")
    }
    if query.count == 32, let run = try? await platform.tracker.runInfo(RunID(query.lowercased())),
      try await request.sight?.shows(.run(run.id)) ?? true
    {
      hits.append(Hit(kind: "run", name: run.name, link: "/runs/\(run.id)"))
    }
    guard !experiments.isEmpty, !query.contains("'"), !query.contains("%"), !query.contains("\\") else { return hits }
    let runs = try await platform.tracker.searchRuns(
      RunQuery(
        experiments: try await platform.tracker.experimentIDs(within: visibility),
        filter: "attributes.run_name ILIKE '%\(query)%'", limit: 20))
    return hits + runs.items.map { Hit(kind: "run", name: $0.info.name, link: "/runs/\($0.id)") }
  }

  private static func pipelineRuns(
    _ wanted: String, _ platform: Platform, _ request: PageRequest
  ) async throws -> [Hit] {
    var hits: [Hit] = []
    for project in try await platform.projects.projects() where request.shows(project.name) {
      for run in try await platform.pipelineRuns.runs(project.name, limit: 200).items {
        let name = "\(project.name) #\(run.number)"
        if run.id.text.hasPrefix(wanted) && wanted.count >= 4 || name.lowercased() == wanted {
          hits.append(Hit(kind: "pipeline run", name: name, link: "/pipelines/\(run.id)"))
        }
      }
    }
    return hits
  }
}

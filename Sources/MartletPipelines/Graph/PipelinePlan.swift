package import MartletCore

/// What a pipeline run would do, and why.
package struct PipelinePlan: Sendable, Hashable, Codable {
  package enum Action: String, Sendable, Hashable, Codable {
    /// Outputs of an earlier run are used again.
    case cached
    case run
    /// Whether it runs depends on what the steps before it make.
    case depends
  }

  package struct Step: Sendable, Hashable, Codable {
    package var name: String
    package var kind: StepKind
    package var needs: [String]
    package var action: Action
    package var reason: String
  }

  package var steps: [Step]

  /// Plans a graph without running anything.
  ///
  /// - Parameter facts: what only the caller knows of a step, as for the run itself.
  package static func make(
    _ graph: PipelineGraph, version: ProjectVersion, files: ProjectFiles, params: [String: JSON], now: Timestamp,
    cache: StepCache, facts: StepFacts
  ) async throws -> PipelinePlan {
    let file = version.file
    var known: [String: [String: StepOutput]] = [:]
    var steps: [Step] = []
    for node in graph.nodes {
      var step = Step(name: node.name, kind: node.step.kind, needs: node.needs, action: .run, reason: "")
      let open = Set(node.inputs.map(\.step)).filter { known[$0] == nil }.sorted()
      if !node.step.kind.isCacheable {
        step.reason =
          node.step.kind == .gate ? "a gate is judged anew each time" : "the endpoint decides what is to be done"
      } else if let first = open.first {
        step.action = .depends
        step.reason = "reads what \(first) makes"
      } else {
        let ingredients = try StepIngredients(
          node, file: file, files: files, params: params, now: now, facts: try await facts(node, version, now),
          upstream: known)
        if let hit = try await cache.hit(file.project, ingredients.key) {
          known[node.name] = hit.outputs
          step.action = .cached
          step.reason = "nothing it depends on has changed"
        } else {
          step.reason = try await Self.reason(ingredients, node.name, file.project, cache)
        }
      }
      steps.append(step)
    }
    return PipelinePlan(steps: steps)
  }

  static func reason(_ ingredients: StepIngredients, _ step: String, _ project: ProjectName, _ cache: StepCache)
    async throws -> String
  {
    guard let earlier = try await cache.latestIngredients(project, step: step) else { return "never run" }
    let changes = ingredients.changes(since: earlier)
    return changes.isEmpty ? "its earlier outputs are gone" : "changed: \(changes)"
  }
}

/// What only the caller knows of a step: versions of the data it reads (`data.flights`), of engines (`environment`),
/// of what it compares with, by the version of the project that runs and its event time. Part of the step's cache key,
/// and given to its body.
package typealias StepFacts = @Sendable (PipelineGraph.Node, ProjectVersion, Timestamp) async throws -> [String: String]

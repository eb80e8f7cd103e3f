import MartletAccess
import MartletCore
import MartletLifecycle
import MartletMonitoring
import MartletPipelines
import MartletRegistry
import MartletServing

/// An endpoint in a few words: on the list, and on the home page.
struct EndpointSummary {
  struct Version {
    var text: String
    var link: String

    init(_ version: ModelVersionID) {
      text = version.description
      link = ObjectLink.model(version)
    }
  }

  struct Measure {
    var name: String
    var value: String
    /// `0.7121 in training`
    var reference: String?
  }

  var name: String
  var project: String
  var link: String
  var champion: Version?
  var challenger: Version?
  var challengerShare: String?
  /// Rows answered since the traffic last changed; nil while the scoring plane does not answer.
  var answered: Int?
  /// `USD −21,034 per 1,000 decisions`, or the ROC AUC where the project has no decision.
  var lastQuality: String?
  /// The same as figures, each beside what the live version reached in training.
  var measures: [Measure]
  var lastWindow: String?
  var verdict: Badge
  var windowCount: Int
  var quietCount: Int
  var spark: String

  /// - Parameters:
  ///   - windows: newest first.
  ///   - state: nil while the scoring plane does not answer.
  ///   - unit: of the charter's decision.
  ///   - training: the live version's metrics when it was registered.
  init(
    _ endpoint: DeployedEndpoint, windows: [MonitorWindow], state: ScoringState.Endpoint?, unit: String?,
    training: [String: Double] = [:]
  ) {
    name = endpoint.definition.name.text
    project = endpoint.definition.project.text
    link = "/endpoints/\(ObjectLink.pathEncoded(endpoint.definition.name.text) ?? "")"
    champion = endpoint.rollout.champion.map { Version($0.modelVersion) }
    challenger = endpoint.rollout.challenger.map { Version($0.modelVersion) }
    challengerShare = endpoint.variants.first { $0.role != .champion }.map { "\(percent($0.share)) of the traffic" }
    answered = state?.answeredRows
    windowCount = windows.count
    quietCount = windows.count { $0.verdicts.allSatisfy(\.isQuiet) }
    verdict = windows.first.map(Self.verdict) ?? Badge("no window yet")
    let judged = windows.first { $0.measures.quality != nil }
    lastWindow = judged.map { "\($0.from.day) to \($0.to.day)" }
    measures = Self.measures(judged?.measures.quality?.metrics ?? [:], unit: unit, training: training)
    lastQuality = judged?.measures.quality.flatMap { Self.words($0.metrics, unit: unit) }
    let values = windows.reversed().compactMap { $0.measures.quality?.metrics["roc_auc"] }
    spark = values.count > 1 ? Sparkline(title: "ROC AUC by window", values: values).svg : ""
  }

  /// The business value first; else what people know best.
  static func words(_ metrics: [String: Double], unit: String?) -> String? {
    let parts = ["value_per_1000", "roc_auc"].compactMap { key in
      metrics[key].map { value in
        key == "value_per_1000"
          ? "\(unit ?? "value") \(metricValue(key, value)) per 1,000 decisions"
          : "\(metricName(key)) \(metricValue(key, value))"
      }
    }
    return parts.isEmpty ? nil : parts.joined(separator: " · ")
  }

  private static func measures(_ metrics: [String: Double], unit: String?, training: [String: Double]) -> [Measure] {
    ["value_per_1000", "roc_auc"].compactMap { key in
      metrics[key].map { value in
        Measure(
          name: metricName(key, unit: unit), value: metricValue(key, value),
          reference: training[key].map { "\(metricValue(key, $0)) in training" })
      }
    }
  }

  static func verdict(_ window: MonitorWindow) -> Badge {
    let findings = window.verdicts.flatMap(\.findings)
    guard !findings.isEmpty else { return Badge("quiet", .good) }
    let kinds = Set(findings.map(\.kind)).sorted().joined(separator: ", ")
    return Badge(kinds, findings.contains { $0.rule.severity == .error } ? .bad : .warn)
  }

  /// Every endpoint that the visitor may see; what the scoring plane counts is left out while it does not answer.
  static func all(_ platform: Platform, _ request: PageRequest) async throws -> [EndpointSummary] {
    let state = try? await platform.scoring.state()
    var summaries: [EndpointSummary] = []
    for endpoint in try await platform.deployments.endpoints()
    where request.shows(endpoint.definition.project, .overview) {
      let windows = try await platform.monitors.windows(of: endpoint.definition.name, limit: 60)
      summaries.append(
        EndpointSummary(
          endpoint, windows: windows, state: state?.endpoints.first { $0.name == endpoint.definition.name },
          unit: await platform.decisionUnit(of: endpoint.definition.project),
          training: await platform.registeredMetrics(of: endpoint.rollout.champion?.modelVersion)))
    }
    return summaries
  }
}

extension Platform {
  /// What a version was registered with; empty where there is none.
  fileprivate func registeredMetrics(of version: ModelVersionID?) async -> [String: Double] {
    guard let version else { return [:] }
    return (try? await registry.version(version).metrics) ?? [:]
  }

  /// The unit of the charter's decision, such as USD; nil without one.
  func decisionUnit(of project: ProjectName) async -> String? {
    (try? await projects.active(project))?.file.charter?.decision?.unit
  }
}

package import MartletCore

/// A project as its `martlet.yaml` describes it: one file, typed, with every reference checked.
package struct ProjectFile: Sendable, Hashable, Codable {
  package var project: ProjectName
  package var charter: CharterSection?
  /// Values that steps use as `params.x`; a run may override them.
  package var params: [String: JSON] = [:]
  package var data: [DatasetSection] = []
  package var features: [FeatureSection] = []
  /// In the file's order.
  package var steps: [StepDefinition] = []
  package var gates: [GateSection] = []
  package var endpoints: [EndpointSection] = []
  package var monitors: [MonitorSection] = []
  package var triggers: [TriggerDefinition] = []
  package var limits = LimitsSection()
  package var notify: [NotifySection] = []
  /// Correct text that asks for what this version does not do; refused by `requireSupported`.
  package var notYet: [FileProblem] = []
  package var fileName = "martlet.yaml"

  package init(project: ProjectName) { self.project = project }

  package func step(_ name: String) -> StepDefinition? { steps.first { $0.name == name } }
  package func gate(_ name: String) -> GateSection? { gates.first { $0.name == name } }
  package func dataset(_ name: String) -> DatasetSection? { data.first { $0.name == name } }
  package func feature(_ name: String) -> FeatureSection? { features.first { $0.name == name } }
  package func endpoint(_ name: String) -> EndpointSection? { endpoints.first { $0.name == name } }
  package func monitor(_ name: String) -> MonitorSection? { monitors.first { $0.endpoint == name } }

  /// Throws one error that names every line which asks for something not built yet.
  package func requireSupported() throws {
    if let error = FileProblems.error(notYet, in: fileName) {
      throw MartletError(
        .invalidInput, error.message, cause: error.cause,
        fix: "leave these out for now; `martlet plan` says when they are there")
    }
  }
}

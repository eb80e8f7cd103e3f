import MartletCore
import MartletMonitoring
import MartletPipelines

/// Closes the loop: reads what monitoring and data deliveries say, asks the project's policy, starts a pipeline run.
///
/// It decides nothing about models: whether the challenger goes live is the gates' business.
struct ContinuousTraining: Sendable {
  /// Why a run is wanted, in the words that the run and the ledger keep.
  struct Cause: Sendable {
    var trigger: String
    var reason: String
  }

  /// The first of the project's triggers that a verdict sets off.
  static func cause(of verdict: MonitorVerdict, triggers: [TriggerDefinition]) -> Cause? {
    guard !verdict.isQuiet else { return nil }
    for trigger in triggers {
      guard case .monitor(let endpoint, let kinds) = trigger, endpoint == verdict.endpoint,
        let finding = verdict.findings.first(where: { kinds.contains($0.kind) })
      else { continue }
      return Cause(trigger: "monitor:\(endpoint)", reason: finding.reason)
    }
    return nil
  }
}

import MartletCore
import MartletGovernance
import MartletMonitoring

extension GateFacts {
  /// What an alert's rule can ask of a window.
  ///
  /// - Parameter training: metrics of the live version from its own evaluation.
  init(_ measures: WindowMeasures, training: [String: Double]) {
    var metrics: [String: Double] = [
      "rows": Double(measures.rows), "drifted_share": measures.driftedShare,
      "latency_p50_ms": measures.service.latencyP50Milliseconds,
      "latency_p99_ms": measures.service.latencyP99Milliseconds, "not_finite": Double(measures.service.notFinite),
    ]
    metrics["model_age_days"] = measures.service.modelAgeDays
    metrics.merge(measures.quality?.metrics ?? [:]) { $1 }
    var psi: [String: Double] = [:]
    var drift: [String: Double] = [:]
    var missing: [String: Double] = [:]
    var unseen: [String: Double] = [:]
    for column in measures.columns {
      psi[column.column] = column.psi
      drift[column.column] = column.statistic
      missing[column.column] = column.missingShare
      unseen[column.column] = column.unseenShare
    }
    psi["prediction"] = measures.prediction?.psi
    drift["prediction"] = measures.prediction?.statistic
    self.init(
      candidate: metrics, training: training,
      columns: [.psi: psi, .drift: drift, .missingRate: missing, .unseenRate: unseen])
  }
}

extension AlertRule {
  private static let qualityNames: Set<String> = [
    "roc_auc", "pr_auc", "brier", "log_loss", "ece", "accuracy", "precision", "recall", "value_per_1000",
    "gain_per_1000",
  ]

  /// When the rule can be judged, and what a trigger calls its findings.
  func meaning(_ expression: GateExpression) -> (phase: MonitorPhase, kind: String) {
    let names = expression.measures
    if !names.isDisjoint(with: Self.qualityNames) { return (.quality, "quality") }
    if when.contains("psi(") || when.contains("drift") { return (.inputs, "drift") }
    if when.contains("missing_rate") || when.contains("unseen_rate") { return (.inputs, "schema") }
    return (.inputs, "service")
  }
}

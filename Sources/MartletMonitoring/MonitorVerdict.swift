package import MartletCore

/// What a window's measures mean: which rules hold, and why.
package struct MonitorVerdict: Sendable, Hashable, Codable {
  package var endpoint: EndpointName
  package var from: Timestamp
  package var to: Timestamp
  package var phase: MonitorPhase
  package var findings: [MonitorFinding]

  package init(endpoint: EndpointName, from: Timestamp, to: Timestamp, phase: MonitorPhase, findings: [MonitorFinding])
  {
    self.endpoint = endpoint
    self.from = from
    self.to = to
    self.phase = phase
    self.findings = findings
  }

  package var isQuiet: Bool { findings.isEmpty }
}

/// One rule that holds on a window.
package struct MonitorFinding: Sendable, Hashable, Codable {
  package var rule: AlertRule
  /// `drift`, `quality`, `service` or `schema`: what a trigger names.
  package var kind: String
  /// In plain words, with the values that were compared.
  package var reason: String

  package init(rule: AlertRule, kind: String, reason: String) {
    self.rule = rule
    self.kind = kind
    self.reason = reason
  }
}

/// One window as it is stored and shown.
package struct MonitorWindow: Sendable, Hashable, Codable {
  package var endpoint: EndpointName
  package var from: Timestamp
  package var to: Timestamp
  package var measures: WindowMeasures
  /// Verdicts by phase, in the order they were reached.
  package var verdicts: [MonitorVerdict]

  package init(
    endpoint: EndpointName, from: Timestamp, to: Timestamp, measures: WindowMeasures, verdicts: [MonitorVerdict]
  ) {
    self.endpoint = endpoint
    self.from = from
    self.to = to
    self.measures = measures
    self.verdicts = verdicts
  }
}

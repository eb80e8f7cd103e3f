package import MartletCore

/// What is watched on an endpoint, as the project file's `monitors` section says.
package struct MonitorDefinition: Sendable, Hashable, Codable {
  package var endpoint: EndpointName
  /// Length of a window in event time, in milliseconds.
  package var windowMilliseconds: Int64
  /// How long after a window's end its outcomes are expected to be in, in milliseconds; nil: quality is not watched.
  package var labelDelayMilliseconds: Int64?
  /// Columns compared with the reference; nil: every input of the model.
  package var driftColumns: [String]?
  /// Share of drifted columns from which the window as a whole counts as drifted.
  package var driftShare: Double
  package var rules: [AlertRule]

  package init(
    endpoint: EndpointName, windowMilliseconds: Int64, labelDelayMilliseconds: Int64? = nil,
    driftColumns: [String]? = nil, driftShare: Double = 0.5, rules: [AlertRule] = []
  ) {
    self.endpoint = endpoint
    self.windowMilliseconds = windowMilliseconds
    self.labelDelayMilliseconds = labelDelayMilliseconds
    self.driftColumns = driftColumns
    self.driftShare = driftShare
    self.rules = rules
  }
}

/// When to raise an alert: an expression over a window's measures, holding for so many windows in a row.
package struct AlertRule: Sendable, Hashable, Codable {
  package var when: String
  package var windows: Int
  package var severity: AlertSeverity
  package var owner: String?

  package init(when: String, windows: Int = 1, severity: AlertSeverity = .warn, owner: String? = nil) {
    self.when = when
    self.windows = windows
    self.severity = severity
    self.owner = owner
  }
}

package enum AlertSeverity: String, Sendable, Hashable, Codable, CaseIterable {
  case warn
  case error
}

/// What is known when a window is judged: its inputs and predictions at its end, its quality once outcomes are in.
package enum MonitorPhase: String, Sendable, Hashable, Codable, CaseIterable {
  case inputs
  case quality
}

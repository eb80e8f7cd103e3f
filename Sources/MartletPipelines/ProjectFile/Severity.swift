/// How bad it is when a rule holds.
package enum RuleSeverity: String, Sendable, Hashable, Codable, CaseIterable {
  case warn
  case error
}

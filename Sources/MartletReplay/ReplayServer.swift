package import MartletCore

/// The server's API as far as a replay needs it.
package protocol ReplayServer: Sendable {
  /// The project's own time; nil when it follows the wall clock.
  func now() async throws -> Timestamp?

  /// Advances the project's time; returns what happened on the way, in words.
  func advance(to time: Timestamp) async throws -> [String]

  /// Pushes rows (CSV with a header) that became known by `time`.
  func push(_ csv: [UInt8], to dataset: String, at time: Timestamp) async throws

  /// Delivers a file as a partition; returns why it was held back, or nil when it was committed.
  func deliver(_ file: String, to dataset: String, partition: String) async throws -> String?

  /// Records a batch of outcomes.
  func record(_ outcomes: [ReplayOutcome], for endpoint: String) async throws

  /// Where an endpoint answers: `http://host:port/path`.
  func address(of endpoint: String) async throws -> String
}

/// What came of one prediction.
package struct ReplayOutcome: Sendable, Hashable {
  package var id: String
  package var value: Double
  package var at: Timestamp

  package init(id: String, value: Double, at: Timestamp) {
    self.id = id
    self.value = value
    self.at = at
  }
}

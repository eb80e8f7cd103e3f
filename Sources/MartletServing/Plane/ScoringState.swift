package import MartletCore

/// What the scoring plane tells the control plane about itself.
package struct ScoringState: Sendable, Hashable, Codable {
  package struct Variant: Sendable, Hashable, Codable {
    package var modelVersion: ModelVersionID
    package var role: VariantRole
    package var share: Double
    /// Since the endpoint's epoch began.
    package var counts: VariantCounts
  }

  package struct Endpoint: Sendable, Hashable, Codable {
    package var name: EndpointName
    package var epoch: Int64
    package var variants: [Variant]
    /// Requests refused since the process started, by status.
    package var refused: [String: Int]

    /// Rows answered by the champion and the challengers since the epoch began.
    package var answeredRows: Int {
      variants.filter { $0.role != .shadow }.reduce(0) { $0 + $1.counts.rows - $1.counts.fallbacks }
    }
  }

  package struct Table: Sendable, Hashable, Codable {
    package var name: String
    package var keys: Int
    /// The number of the last change.
    package var sequence: Int64
    /// The newest time of any row, milliseconds since 1970.
    package var newest: Int64?
  }

  package var epoch: Int64
  package var processID: Int32
  /// When the process started, milliseconds since 1970.
  package var startedAt: Int64
  package var version: String
  /// The data directory, as an absolute path.
  package var dataDirectory: String
  package var endpoints: [Endpoint]
  package var tables: [Table]
  package var log: PredictionLog.Counts
}

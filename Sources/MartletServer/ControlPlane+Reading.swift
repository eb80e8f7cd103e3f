import MartletCore
import MartletServing

extension ControlPlane {
  /// A project's own time, which its windows, delays and deadlines run on.
  func eventTime(_ project: ProjectName) async throws -> Timestamp { clock.now }

  /// Where the scoring process answers; nil while there is none.
  func scoringURL() async -> String? {
    let folder = ScoringFolder(data: configuration.data)
    guard let address = try? ScoringAddress.living(in: folder) else { return nil }
    return "http://127.0.0.1:\(address.port)"
  }
}

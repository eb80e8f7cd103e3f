import MartletCore
import MartletServing

extension ControlPlane {
  /// Where the scoring process answers; nil while there is none.
  func scoringURL() async -> String? {
    if let port = await scoring.port { return "http://127.0.0.1:\(port)" }
    guard let address = try? ScoringAddress.living(in: ScoringFolder(data: configuration.data)) else { return nil }
    return "http://127.0.0.1:\(address.port)"
  }
}

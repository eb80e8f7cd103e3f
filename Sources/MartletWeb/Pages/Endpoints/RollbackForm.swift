import MartletCore
import MartletLifecycle
import MartletServing

/// Takes back what is on its way, or returns to the champion before: a person's decision, with its reason.
struct RollbackForm {
  var action: String
  var button: String
  /// What it does, and how much of the traffic it moves.
  var consequence: String
  /// The same on the command line.
  var command: String

  /// Nil when there is nothing to go back to.
  init?(_ endpoint: DeployedEndpoint) {
    let rollout = endpoint.rollout
    let name = endpoint.definition.name
    guard let champion = rollout.champion?.modelVersion else { return nil }
    if let challenger = rollout.challenger?.modelVersion {
      let share = endpoint.variants.first { $0.modelVersion == challenger }.map { percent($0.share) } ?? "its share"
      button = "Roll back \(challenger)"
      consequence = "\(champion) answers all of the traffic again at once: \(challenger) gives back \(share)."
    } else if let former = rollout.former?.modelVersion {
      button = "Return to \(former)"
      consequence = "\(former) answers all of the traffic at once, in the place of \(champion)."
    } else {
      return nil
    }
    action = "/endpoints/\(ObjectLink.pathEncoded(name.text) ?? "")/rollback"
    command = "martlet deployment rollback \(name) --reason …"
  }

  /// Rolls back and leads back to the endpoint.
  static func submit(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let name: EndpointName = try request.identifier("name")
    let endpoint = try await platform.deployments.endpoint(name)
    let reason = String((request.form["reason"] ?? "").trimmingPrefix(while: \.isWhitespace).prefix(500))
    guard !reason.isEmpty else {
      throw MartletError.invalidInput(
        "a roll-back needs its reason", fix: "say why: the next version is judged by people who read it")
    }
    _ = try await Release(platform: platform).rollBack(
      name, reason: reason, by: request.author, at: try await platform.now(of: endpoint.definition.project))
    return "/endpoints/\(ObjectLink.pathEncoded(name.text) ?? "")"
  }
}

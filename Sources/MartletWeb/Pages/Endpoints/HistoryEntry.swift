import MartletCore
import MartletServing

/// One moment in an endpoint's history: a version set out, was promoted, or was taken back.
struct HistoryEntry {
  var at: Timestamp
  var time: String
  var badge: String
  var version: String
  var link: String
  var words: String

  private init(_ deployment: Deployment, at time: Timestamp, _ badge: Badge, _ words: String) {
    at = time
    self.time = timeElement(time)
    self.badge = badge.html
    version = deployment.version.description
    link = ObjectLink.model(deployment.version)
    self.words = words
  }

  static func entries(_ deployment: Deployment) -> [HistoryEntry] {
    let former = deployment.former.map { ", to replace \($0)" } ?? ""
    var entries: [HistoryEntry] = []
    // A version that was live at once has one moment, not two.
    if deployment.endedAt != deployment.startedAt {
      entries.append(
        HistoryEntry(
          deployment, at: deployment.startedAt, Badge("started"),
          "by \(deployment.author)\(former), \(deployment.strategy.rawValue)"))
    }
    switch (deployment.status, deployment.endedAt) {
    case (.promoted, let ended?):
      entries.append(
        HistoryEntry(
          deployment, at: ended, Badge("promoted", .good), deployment.reason ?? "its gate held on every rung\(former)"))
    case (.rolledBack, let ended?):
      entries.append(HistoryEntry(deployment, at: ended, Badge("rolled back", .bad), deployment.reason ?? ""))
    default: break
    }
    return entries
  }
}

package import MartletCore
import Synchronization

/// Tokens of the server's own children: a step's command acts for its project while it runs, and not after. They are
/// kept in memory only: the children of a server that died are ended at the next start.
package final class JobTokens: Sendable {
  private let callers = Mutex<[String: Caller]>([:])

  package init() {}

  /// What a step may do in its project: log, read, register; not start runs, deploy or change access.
  private static let permissions: Set<Permission> = [.overview, .read, .log, .label, .register]

  /// - Parameter name: as the ledger shows it: `pipeline-run:3f2a90c1/train`.
  package func issue(for name: String, in project: ProjectName) -> String {
    let token = SecretText.random(SecretText.tokenPrefix)
    let caller = Caller(
      .job, name: name, grants: [Grant(.dataScientist, in: project)],
      limits: .init(permissions: Self.permissions, project: project), token: name)
    callers.withLock { $0[SecretText.hash(token)] = caller }
    return token
  }

  package func revoke(_ token: String) { callers.withLock { $0[SecretText.hash(token)] = nil } }

  func caller(hash: String) -> Caller? { callers.withLock { $0[hash] } }
}

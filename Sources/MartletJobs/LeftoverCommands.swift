import Foundation

/// Commands whose server died too suddenly to end them.
///
/// The kernel kills a command itself with the server, but not what the command had started. So commands carry their
/// owner in the environment, which their descendants inherit, and a server that starts ends what still carries it.
package enum LeftoverCommands {
  /// The environment variable that names the owner.
  package static let variable = "MARTLET_COMMAND_OWNER"

  /// Ends every process that carries this owner; call it before starting commands, while holding the lock that says
  /// no other server is this owner. Blocks for a few milliseconds.
  /// - Returns: how many there were.
  @discardableResult
  package static func end(owner: String) -> Int {
    let mark = [UInt8]("\(variable)=\(owner)".utf8)
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let leftovers = processes.compactMap { pid_t($0) }.filter { $0 != getpid() && environment(of: $0, contains: mark) }
    for process in leftovers { kill(process, SIGKILL) }
    return leftovers.count
  }

  private static func environment(of process: pid_t, contains mark: [UInt8]) -> Bool {
    guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
    return bytes.split(separator: 0).contains { $0.elementsEqual(mark) }
  }
}

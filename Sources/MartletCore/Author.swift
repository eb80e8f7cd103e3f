/// Who asks for a change: written into the ledger beside the change itself.
package struct Author: Sendable, Hashable, Codable {
  package var name: String
  package var role: String
  package var requestID: String?

  package init(name: String, role: String, requestID: String? = nil) {
    self.name = name
    self.role = role
    self.requestID = requestID
  }

  /// The server acting by itself, by a policy in the project file.
  package static let martlet = Author(name: "martlet", role: "system")
}

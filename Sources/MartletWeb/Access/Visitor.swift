package import MartletAccess

/// Who looks at a page.
package struct Visitor: Sendable {
  package var caller: Caller
  /// The value of the session's cookie.
  package var session: String?
  /// The other end's address.
  package var peer: String
  /// Of this request, for the ledger.
  package var requestID: String?

  package init(_ caller: Caller, session: String? = nil, peer: String = "unknown", requestID: String? = nil) {
    self.caller = caller
    self.session = session
    self.peer = peer
    self.requestID = requestID
  }

  /// What the pages' frame shows of it.
  var frame: Frame? {
    guard caller.userID != nil else { return nil }
    return Frame(name: caller.name, managesUsers: caller.maySomewhere(.users), canSignOut: session != nil)
  }

  struct Frame {
    var name: String
    var managesUsers: Bool
    var canSignOut: Bool
  }
}

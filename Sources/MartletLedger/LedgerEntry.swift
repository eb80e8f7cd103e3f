package import MartletCore

/// One state change, as its maker tells it.
package struct LedgerEntry: Sendable, Hashable {
  /// What happened, dotted: `deployment.promoted`.
  package var action: String
  /// What it happened to, kind and name: `dataset:flight-delay/flights`.
  package var object: String
  /// The object's state before, where that says something; never secrets, and people only as salted hashes.
  package var before: JSON?
  package var after: JSON?
  package var reason: String?

  package init(action: String, object: String, before: JSON? = nil, after: JSON? = nil, reason: String? = nil) {
    self.action = action
    self.object = object
    self.before = before
    self.after = after
    self.reason = reason
  }
}

/// An entry as the ledger keeps it.
package struct LedgerRecord: Sendable, Hashable {
  package var entry: LedgerEntry
  package var author: Author
  package var time: Timestamp
  /// The place in order of arrival, starting at 1, with gaps.
  package var id: Int64
  /// The place in the chain, starting at 1, without gaps; nil until it is sealed, within about a second.
  package var sequence: Int64?
  /// SHA-256 that ties this entry and all before it together; nil until it is sealed.
  package var hash: Digest?
}

/// Which entries to list; what is nil does not restrict.
package struct LedgerFilter: Sendable, Hashable {
  /// Exactly this object.
  package var object: String?
  /// Every object whose text starts so, such as `dataset:flight-delay/`.
  package var objectPrefix: String?
  /// Any of these; `deployment.*` stands for all that start with `deployment.`. Empty: every action.
  package var actions: [String]
  package var actor: String?
  package var from: Timestamp?
  /// The first time that is no longer wanted.
  package var until: Timestamp?
  package var newestFirst: Bool

  package init(
    object: String? = nil, objectPrefix: String? = nil, actions: [String] = [], actor: String? = nil,
    from: Timestamp? = nil, until: Timestamp? = nil, newestFirst: Bool = true
  ) {
    self.object = object
    self.objectPrefix = objectPrefix
    self.actions = actions
    self.actor = actor
    self.from = from
    self.until = until
    self.newestFirst = newestFirst
  }
}

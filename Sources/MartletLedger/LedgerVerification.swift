/// What a check of the whole chain found.
package struct LedgerVerification: Sendable, Hashable, Codable {
  /// Sealed entries that were read.
  package var sealedEntries: Int64
  /// The newest sealed entry; nil when nothing is sealed.
  package var head: LedgerHead?
  /// Entries that are written but not sealed yet, so not protected yet.
  package var unsealedEntries: Int64
  /// The head was compared with the signed checkpoint outside the database.
  package var checkpointCompared: Bool
  /// At most `LedgerVerifier.mostProblems`, first ones first.
  package var problems: [LedgerProblem]

  package var isIntact: Bool { problems.isEmpty }
}

/// One place where the ledger is not what it was.
package struct LedgerProblem: Sendable, Hashable, Codable {
  package enum Kind: String, Sendable, Hashable, Codable {
    /// A field of the entry differs from when it was sealed.
    case changed
    /// One or more entries were removed.
    case missing
    /// The entry does not follow from the one before it.
    case unlinked
    /// The end of the chain was cut off or replaced.
    case truncated
    /// The signed checkpoint outside the database was changed.
    case checkpoint
  }

  package var kind: Kind
  /// The entry's place in the chain, where one is known.
  package var sequence: Int64?
  /// What is wrong with which entry, in a sentence.
  package var message: String
}

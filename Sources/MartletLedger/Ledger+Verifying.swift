import MartletCore
import MartletStore

extension Ledger {
  /// Reads the whole ledger and checks every hash, every link, and its end. Finding problems is no error.
  package func verify() async throws -> LedgerVerification {
    // The checkpoint first: the chain may grow meanwhile, it never shrinks.
    let checkpoint = await readCheckpoint()
    return try await database.read(within: Self.longestVerification) { connection in
      var verifier = LedgerVerifier()
      try verifier.readChain(in: connection)
      try verifier.readUnsealed(in: connection)
      verifier.compare(stored: try LedgerHead.stored(in: connection))
      switch checkpoint {
      case .success(.signed(let head)): verifier.compare(signed: head, isThere: try head.isPart(ofChainIn: connection))
      case .success(.onlyKey) where verifier.result.head != nil:
        verifier.add(.checkpoint, nil, "the checkpoint file is missing beside its key")
      case .success: break
      case .failure(let error): verifier.add(.checkpoint, nil, error.description)
      }
      return verifier.result
    }
  }

  /// A million entries take some seconds.
  private static let longestVerification = Duration.seconds(600)

  private func readCheckpoint() async -> Result<CheckpointFile.Known, MartletError> {
    do { return .success(try await checkpoint?.read() ?? .nothing) } catch {
      return .failure(MartletError(error, doing: "the ledger's checkpoint could not be read"))
    }
  }
}

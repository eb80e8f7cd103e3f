package import MartletCore

/// A search in fixed batches: all of a batch is asked, run (in parallel, in any order), and told in the order asked. So
/// the same seed gives the same trials, however fast each of them was.
package struct Study: Sendable {
  package struct Trial: Sendable, Hashable, Codable {
    package var number: Int
    package var parameters: [String: JSON]
    /// Smaller is better; nil for a trial that failed.
    package var loss: Double?
  }

  package private(set) var trials: [Trial] = []
  private var sampler: any Sampler
  private let batchSize: Int
  private let trialCount: Int

  package init(space: SearchSpace, trials: Int, batch: Int, seed: UInt64, sampler kind: SamplerKind = .tpe) throws {
    guard trials > 0, batch > 0 else {
      throw MartletError.invalidInput("a study needs at least one trial and a batch of at least one")
    }
    sampler = kind.sampler(space, trials: trials, seed: seed)
    batchSize = batch
    trialCount = trials
  }

  /// Runs the whole study, or as much of it as the sampler has to propose; a trial that throws is recorded as failed
  /// and the search goes on.
  ///
  /// - Parameter body: runs one trial and returns its loss.
  package mutating func run(_ body: @escaping @Sendable (Trial) async throws -> Double) async throws -> [Trial] {
    while trials.count < trialCount {
      try Task.checkCancellation()
      let batch = nextBatch()
      guard !batch.isEmpty else { break }
      let losses = await withTaskGroup(of: (Int, Double?).self) { group in
        for trial in batch { group.addTask { (trial.number, try? await body(trial)) } }
        return await group.reduce(into: [Int: Double]()) { $0[$1.0] = $1.1.flatMap { $0.isNaN ? nil : $0 } }
      }
      try Task.checkCancellation()
      for var trial in batch {
        trial.loss = losses[trial.number]
        sampler.tell(trial.parameters, loss: trial.loss ?? .infinity)
        trials.append(trial)
      }
    }
    return trials
  }

  private mutating func nextBatch() -> [Trial] {
    var batch: [Trial] = []
    for number in trials.count..<min(trialCount, trials.count + batchSize) {
      guard let parameters = sampler.ask() else { break }
      batch.append(Trial(number: number, parameters: parameters, loss: nil))
    }
    return batch
  }

  /// The trial with the smallest loss, the earlier one on a tie; nil when all failed.
  package var best: Trial? {
    trials.filter { $0.loss?.isFinite == true }.min { ($0.loss ?? 0, $0.number) < ($1.loss ?? 0, $1.number) }
  }
}

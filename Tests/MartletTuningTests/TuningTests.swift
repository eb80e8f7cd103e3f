import Foundation
import MartletCore
import MartletStatistics
import MartletTuning
import Testing

@Suite("Tuning")
struct TuningTests {
  private func space() throws -> SearchSpace {
    try SearchSpace([
      .init("x", .real(from: -5, to: 5, log: false)), .init("rate", .real(from: 1e-4, to: 1, log: true)),
      .init("leaves", .whole(from: 2, to: 200, log: true)), .init("kind", .choice(["a", "b", "c"])),
    ])
  }

  /// Best (0) at x = 2, rate = 0.01, leaves = 31, kind = "b".
  private static func loss(_ p: [String: JSON]) -> Double {
    let x = (p["x"]?.double ?? 0) - 2
    let rate = log10(p["rate"]?.double ?? 1) + 2
    let leaves = log((p["leaves"]?.double ?? 1) / 31)
    return x * x + rate * rate + leaves * leaves + (p["kind"] == "b" ? 0 : 2)
  }

  private func bestLoss(_ sampler: SamplerKind, seed: UInt64, trials: Int = 60, batch: Int = 1) async throws -> Double {
    var study = try Study(space: try space(), trials: trials, batch: batch, seed: seed, sampler: sampler)
    _ = try await study.run { Self.loss($0.parameters) }
    return study.best?.loss ?? .infinity
  }

  @Test("TPE comes nearer to the optimum than random search, seed by seed and by far in the mean")
  func better() async throws {
    var (tpe, random, wins) = (0.0, 0.0, 0)
    for seed in UInt64(1)...12 {
      let (a, b) = (try await bestLoss(.tpe, seed: seed), try await bestLoss(.random, seed: seed))
      (tpe, random) = (tpe + a / 12, random + b / 12)
      wins += a < b ? 1 : 0
    }
    #expect(wins >= 9, "\(wins)")
    #expect(tpe < random / 2, "\(tpe) \(random)")
  }

  @Test("Batches cost little: TPE in fours still beats random search")
  func batches() async throws {
    var (tpe, random) = (0.0, 0.0)
    for seed in UInt64(1)...8 {
      tpe += try await bestLoss(.tpe, seed: seed, batch: 4)
      random += try await bestLoss(.random, seed: seed, batch: 4)
    }
    #expect(tpe < random)
  }

  @Test("The same seed gives the same study, whichever trial of a batch ends first")
  func deterministic() async throws {
    func trials(seed: UInt64, odd: Bool) async throws -> [Study.Trial] {
      var study = try Study(space: try space(), trials: 31, batch: 3, seed: seed)
      return try await study.run { trial in
        if (trial.number % 2 == 1) == odd { for _ in 0..<50 { await Task.yield() } }
        return Self.loss(trial.parameters)
      }
    }
    let first = try await trials(seed: 7, odd: true)
    #expect(try await trials(seed: 7, odd: false) == first)
    #expect(try await trials(seed: 8, odd: true) != first)
    #expect(first.map(\.number) == Array(0..<31))
  }

  @Test("Every proposal lies in the space, also when the optimum is at an end")
  func bounds() throws {
    var sampler = TPESampler(space: try space(), seed: 3)
    for _ in 0..<150 {
      let proposal = sampler.ask()
      let asked = try #require(proposal)
      #expect((-5...5).contains(asked["x"]?.double ?? .nan))
      #expect((1e-4...1).contains(asked["rate"]?.double ?? .nan))
      #expect((2...200).contains(asked["leaves"]?.integer ?? -1))
      sampler.tell(asked, loss: (asked["leaves"]?.double ?? 0) - (asked["x"]?.double ?? 0))
    }
    let last = sampler.ask()
    #expect((last?["x"]?.double ?? -9) > 2 && (last?["leaves"]?.double ?? 999) < 20)
  }

  @Test("A failed or meaningless trial is kept without a loss; when all fail there is no best")
  func failures() async throws {
    var study = try Study(space: try space(), trials: 6, batch: 2, seed: 1)
    let trials = try await study.run { trial in
      if trial.number == 2 { return .nan }
      guard trial.number % 2 == 0 else { throw MartletError(.timedOut, "trial took too long") }
      return -Double(trial.number)
    }
    #expect(trials.map(\.loss) == [0, nil, nil, nil, -4, nil])
    #expect(study.best?.number == 4)
    var hopeless = try Study(space: try space(), trials: 25, batch: 5, seed: 1)
    let failed = try await hopeless.run { _ in throw MartletError(.timedOut, "no") }
    #expect(failed.count == 25 && hopeless.best == nil)
  }

  @Test("A cancelled study stops")
  func cancelled() async throws {
    let space = try space()
    let task = Task {
      var study = try Study(space: space, trials: 1000, batch: 1, seed: 1)
      return try await study.run { trial in
        if trial.number == 3 { withUnsafeCurrentTask { $0?.cancel() } }
        while trial.number > 3 { try Task.checkCancellation() }
        return 0
      }
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test("A grid tries every combination once, then ends, and fits its trials")
  func grid() async throws {
    let space = try SearchSpace([
      .init("rate", .real(from: 0.01, to: 1, log: true)), .init("leaves", .whole(from: 1, to: 2, log: false)),
      .init("kind", .choice(["a", "b"])),
    ])
    #expect(GridSampler(space: space, steps: 3).count == 12)
    var study = try Study(space: space, trials: 14, batch: 5, seed: 1, sampler: .grid)
    let trials = try await study.run { $0.parameters["rate"]?.double ?? 0 }
    #expect(trials.count == 12 && Set(trials.map(\.parameters)).count == 12)
    let rates = Set(trials.compactMap { $0.parameters["rate"]?.double }).sorted()
    #expect(rates.count == 3 && abs(rates[1] - 0.1) < 1e-9)
  }

  /// Listed values only: as a project file's `space: {a: [1, 2], b: [x, y, z]}`.
  private func lists(seed: UInt64) throws -> (space: SearchSpace, product: Set<[String: JSON]>) {
    var generator = SeededGenerator(seed: seed)
    var (dimensions, product): ([SearchSpace.Dimension], [[String: JSON]]) = ([], [[:]])
    for index in 0...Int(generator.uniform() * 3.99) {
      let values = (0...Int(generator.uniform() * 3.99)).map { JSON.integer(Int64($0 * 7)) }
      dimensions.append(.init("p\(index)", .choice(values)))
      product = product.flatMap { known in values.map { known.merging(["p\(index)": $0]) { $1 } } }
    }
    return (try SearchSpace(dimensions), Set(product))
  }

  @Test("A grid of listed values covers exactly their product, each combination once", arguments: UInt64(1)...30)
  func product(seed: UInt64) async throws {
    let (space, product) = try lists(seed: seed)
    var study = try Study(
      space: space, trials: product.count, batch: Int(seed % 5) + 1, seed: seed, sampler: .grid)
    let trials = try await study.run { Double($0.number) }
    #expect(trials.count == product.count && Set(trials.map(\.parameters)) == product)
    var generous = try Study(space: space, trials: 10_000, batch: 7, seed: seed, sampler: .grid)
    #expect(try await generous.run { _ in 0 }.map(\.parameters) == trials.map(\.parameters))
  }

  @Test("Random search proposes the same for the same seed, whatever the trials come to", arguments: UInt64(1)...10)
  func stable(seed: UInt64) async throws {
    func proposals(_ seed: UInt64, batch: Int, loss: @escaping @Sendable (Int) -> Double) async throws -> [[String:
      JSON]]
    {
      var study = try Study(space: try space(), trials: 25, batch: batch, seed: seed, sampler: .random)
      return try await study.run { loss($0.number) }.map(\.parameters)
    }
    let first = try await proposals(seed, batch: 1) { Double($0) }
    #expect(try await proposals(seed, batch: 6) { $0 % 3 == 0 ? .nan : -Double($0) } == first)
    #expect(try await proposals(seed + 1, batch: 1) { Double($0) } != first)
    #expect(Set(first).count == 25)
    for proposal in first {
      #expect((-5...5).contains(proposal["x"]?.double ?? .nan) && (2...200).contains(proposal["leaves"]?.integer ?? 0))
      #expect(["a", "b", "c"].contains(proposal["kind"]) && (1e-4...1).contains(proposal["rate"]?.double ?? .nan))
    }
  }

  @Test("The median pruner stops what is worse than half of those before")
  func pruner() {
    var pruner = MedianPruner(startupTrials: 3, warmupSteps: 1)
    for last in [0.5, 0.4, 0.3] { pruner.add(curve: [0.6, last]) }
    #expect(!pruner.shouldPrune(step: 0, best: 9))
    #expect(pruner.shouldPrune(step: 1, best: 0.45) && !pruner.shouldPrune(step: 1, best: 0.35))
    #expect(pruner.shouldPrune(step: 1, best: .nan) && !pruner.shouldPrune(step: 9, best: 9))
  }

  @Test("Ranges that are empty or take the logarithm of 0, and unknown samplers, are refused")
  func refused() {
    for range in [
      SearchSpace.Range.real(from: 1, to: 1, log: false), .real(from: 0, to: 1, log: true),
      .whole(from: 0, to: 5, log: true),
      .real(from: 0, to: .infinity, log: false), .choice([]),
    ] {
      #expect(throws: MartletError.self, "\(range)") { try SearchSpace([.init("x", range)]) }
    }
    #expect(throws: MartletError.self) { try SearchSpace([]) }
    #expect(throws: MartletError.self) { try SamplerKind.named("tpee") }
    #expect(throws: MartletError.self) { try Study(space: .lightGBM(), trials: 0, batch: 1, seed: 1) }
  }

  @Test("Every value of a range lies in its own cell of the unit interval")
  func cells() throws {
    for range in [SearchSpace.Range.whole(from: 1, to: 9, log: true), .whole(from: -3, to: 3, log: false)] {
      for place in stride(from: 0.0, through: 1, by: 0.01) {
        #expect(range.value(at: place).integer != nil)
      }
      #expect(range.value(at: 0) != range.value(at: 1))
    }
    let widest = SearchSpace.Range.whole(from: .min, to: .max, log: false)
    #expect(widest.value(at: 0) == .integer(.min) && widest.value(at: 1) == .integer(.max))
    #expect(
      SearchSpace.Range.real(from: 1, to: 100, log: true).value(at: 0.5).double.map { abs($0 - 10) < 1e-9 } == true)
  }
}

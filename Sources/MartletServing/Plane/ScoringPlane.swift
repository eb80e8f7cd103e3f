import Foundation
package import Logging
package import MartletCore
package import NIOPosix
import Synchronization

/// The scoring process without its HTTP: configuration, models, online tables, counters and the prediction log.
package final class ScoringPlane: Sendable {
  /// Loads the model package in a folder.
  package typealias ModelLoader = @Sendable (_ folder: String) throws -> any ServedModel

  package struct Limits: Sendable {
    package var rowsPerRequest = 100_000
    package var bodyBytes = 16 << 20
    package var concurrentRequests = 512
    package var requestTime: Duration = .seconds(30)
    package var log = PredictionLog.Limits()

    package init() {}
  }

  package static let version = "0.1.0"

  let limits: Limits
  let clock: WallClock
  package let log: PredictionLog
  package let folder: ScoringFolder
  let online = OnlineStore()
  let threads: NIOThreadPool
  private let load: ModelLoader
  private let logger: Logger
  private let plan = Mutex<ScoringPlan>(.empty)
  private let startedAt: Timestamp
  /// Held while a configuration or online rows are applied; never by a prediction.
  private let changes = Mutex<Void>(())
  private let unsavedTables = Mutex<Set<OnlineTableDefinition>>([])

  /// Opens the folder and takes up the last good configuration. What of it cannot be loaded is logged, and the
  /// plane starts without it: the control plane will send it again.
  package init(
    folder: ScoringFolder, limits: Limits = Limits(), clock: WallClock = .system, threads: NIOThreadPool,
    logger: Logger,
    load: @escaping ModelLoader
  ) throws {
    self.folder = folder
    self.limits = limits
    self.clock = clock
    self.threads = threads
    self.load = load
    self.logger = logger
    startedAt = clock.now
    try folder.prepare()
    log = try PredictionLog(folder: folder.log, limits: limits.log, clock: clock, logger: logger)
    restore()
  }

  var current: ScoringPlan { plan.withLock { $0 } }

  package var epoch: Int64 { current.configuration.epoch }

  // MARK: Changes

  /// Loads what is new, keeps the configuration on disk, and only then answers by it. Requests in flight end with
  /// the models they began with. Blocks.
  package func apply(_ configuration: ScoringConfiguration) throws {
    try changes.withLock { _ in
      let before = current
      guard configuration.epoch >= before.configuration.epoch else {
        throw MartletError(
          .conflict,
          "configuration \(configuration.epoch) is older than the one in force, \(before.configuration.epoch)")
      }
      guard configuration != before.configuration else { return }
      guard configuration.epoch > before.configuration.epoch else {
        throw MartletError(.conflict, "another configuration \(configuration.epoch) is in force")
      }
      let next = try prepare(configuration, after: before)
      try DurableFile.write(JSON(encoding: configuration).bytes, to: folder.configuration)
      plan.withLock { $0 = next }
      online.release(except: configuration.tables)
      logger.info("Configuration in force.", metadata: ["epoch": "\(configuration.epoch)"])
    }
  }

  private func prepare(_ configuration: ScoringConfiguration, after before: ScoringPlan) throws -> ScoringPlan {
    try configuration.validate()
    return try ScoringPlan(configuration, previous: before, online: online) { variant in
      try load(folder.resolve(variant.packageFolder))
    }
  }

  /// Applies changed rows of one online table; returns the table's sequence number. Blocks.
  package func apply(_ patch: OnlinePatch) throws -> Int64 {
    try changes.withLock { _ in
      let sequence = try online.apply(patch)
      unsavedTables.withLock { _ = $0.insert(patch.table) }
      return sequence
    }
  }

  /// Finishes the log's segment and keeps the online tables on disk.
  package func seal() async throws -> [SealedSegment] {
    try await threads.runIfActive { try self.saveTables() }
    return try await log.seal()
  }

  /// Keeps what is in memory only, and ends the log's thread. Blocks.
  package func close() {
    do { try saveTables() } catch { logger.error("Online tables are not saved.", metadata: ["cause": "\(error)"]) }
    log.close()
  }

  // MARK: Disk

  /// Writes the tables that changed since they were last written. Blocks.
  func saveTables() throws {
    try changes.withLock { _ in
      let changed = unsavedTables.withLock { tables in
        defer { tables = [] }
        return tables
      }
      for definition in changed {
        guard let table = online.snapshot.table(definition) else { continue }
        try DurableFile.write(JSON(encoding: table.asPatch).bytes, to: path(of: table.definition))
      }
    }
  }

  private func path(of table: OnlineTableDefinition) -> String {
    let safe = String(
      table.name.unicodeScalars.map { scalar in
        scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_")
          ? Character(scalar) : "-"
      }.prefix(60))
    return "\(folder.tables)/\(safe)-\(String(StableHash.of(table.name), radix: 16)).json"
  }

  private func restore() {
    do {
      guard let bytes = try DurableFile.read(folder.configuration) else { return }
      var configuration: ScoringConfiguration = try JSON.parse(bytes).decode()
      let next: ScoringPlan
      do {
        next = try prepare(configuration, after: .empty)
      } catch {
        logger.error("The last good configuration cannot be taken up whole.", metadata: ["cause": "\(error)"])
        configuration = loadable(of: configuration)
        next = try prepare(configuration, after: .empty)
      }
      for table in configuration.tables { restore(table) }
      plan.withLock { $0 = next }
      logger.info("Last good configuration taken up.", metadata: ["epoch": "\(configuration.epoch)"])
    } catch {
      logger.error("The last good configuration cannot be taken up.", metadata: ["cause": "\(error)"])
    }
  }

  /// The endpoints that can be loaded, as a configuration that any other replaces.
  private func loadable(of configuration: ScoringConfiguration) -> ScoringConfiguration {
    var part = configuration
    part.epoch = 0
    part.endpoints = configuration.endpoints.filter { endpoint in
      var single = part
      single.endpoints = [endpoint]
      return (try? prepare(single, after: .empty)) != nil
    }
    return part
  }

  private func restore(_ table: OnlineTableDefinition) {
    do {
      guard let bytes = try DurableFile.read(path(of: table)) else { return }
      _ = try online.apply(JSON.parse(bytes).decode(OnlinePatch.self))
    } catch {
      logger.warning("An online table starts empty.", metadata: ["table": "\(table.name)", "cause": "\(error)"])
    }
  }

  // MARK: State

  package var state: ScoringState {
    let plan = current
    let snapshot = online.snapshot
    return ScoringState(
      epoch: plan.configuration.epoch, processID: getpid(), startedAt: startedAt.milliseconds, version: Self.version,
      dataDirectory: (try? folder.realData) ?? folder.data, endpoints: plan.all.map(Self.state(of:)),
      tables: plan.configuration.tables.compactMap { definition in
        snapshot.table(definition).map {
          ScoringState.Table(name: definition.name, keys: $0.keyCount, sequence: $0.sequence, newest: $0.newest)
        }
      },
      log: log.counts)
  }

  private static func state(of endpoint: LoadedEndpoint) -> ScoringState.Endpoint {
    ScoringState.Endpoint(
      name: endpoint.definition.name, epoch: endpoint.definition.epoch,
      variants: endpoint.variants.map {
        ScoringState.Variant(
          modelVersion: $0.definition.modelVersion, role: $0.definition.role, share: $0.definition.share,
          counts: $0.counters.counts - $0.baseline)
      },
      refused: endpoint.refusals.byStatus)
  }
}

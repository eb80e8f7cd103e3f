import Foundation
package import Logging
package import MartletCore

/// Writes predictions to local segment files on a thread of its own.
///
/// Appending never waits: what does not fit into the queue is dropped and counted. What is in the queue reaches the
/// operating system within `Limits.flushInterval`, and the disk within a second.
package final class PredictionLog: @unchecked Sendable {
  package struct Limits: Sendable {
    /// Rows that may wait to be written.
    package var queuedRows = 50_000
    package var segmentBytes = 64 << 20
    package var segmentAge: Duration = .seconds(3600)
    package var flushInterval: Duration = .milliseconds(200)

    package init() {}
  }

  /// What became of the rows given to the log.
  package struct Counts: Sendable, Hashable, Codable {
    package var written = 0
    package var dropped = 0
    package var writeFailures = 0
  }

  private enum Order {
    case record(PredictionRecord)
    /// Everything ordered before is written and synced when the continuation is resumed.
    case sync(CheckedContinuation<Void, any Error>)
    case seal(CheckedContinuation<[SealedSegment], any Error>)
  }

  /// Guards everything below.
  private let condition = NSCondition()
  private var queue: [Order] = []
  private var queuedRows = 0
  private var isUrgent = false
  private var isClosing = false
  private var hasClosed = false
  private var tally = Counts()

  package let folder: String
  private let limits: Limits
  private let clock: WallClock
  private let logger: Logger

  /// Recovers what a former process left in `folder`, and starts to write.
  package init(folder: String, limits: Limits = Limits(), clock: WallClock = .system, logger: Logger) throws {
    self.folder = folder
    self.limits = limits
    self.clock = clock
    self.logger = logger
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let torn = try SegmentRecovery.recover(folder: folder)
    if torn > 0 {
      logger.warning("The prediction log was cut back to its last whole record.", metadata: ["bytes": "\(torn)"])
    }
    let thread = Thread { [self] in run() }
    thread.name = "prediction-log"
    thread.start()
  }

  package var counts: Counts {
    condition.lock()
    defer { condition.unlock() }
    return tally
  }

  /// Hands a prediction over; false when the queue is full, and the rows are counted as dropped.
  @discardableResult
  func append(_ record: PredictionRecord) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    let rows = record.prediction.answers.count
    guard !isClosing, queuedRows + rows <= limits.queuedRows || queue.isEmpty else {
      tally.dropped += rows
      return false
    }
    queuedRows += rows
    queue.append(.record(record))
    if queue.count == 1 || queuedRows > limits.queuedRows / 2 { condition.signal() }
    return true
  }

  /// Returns when everything appended before is on disk.
  package func sync() async throws {
    try await withCheckedThrowingContinuation { order(.sync($0)) }
  }

  /// Finishes the segment being written; returns all sealed segments of the folder.
  package func seal() async throws -> [SealedSegment] {
    try await withCheckedThrowingContinuation { order(.seal($0)) }
  }

  /// Writes what is queued, seals, and ends the thread. Blocks until that is done.
  package func close() {
    condition.lock()
    isClosing = true
    isUrgent = true
    condition.broadcast()
    while !hasClosed { condition.wait() }
    condition.unlock()
  }

  private func order(_ order: Order) {
    condition.lock()
    defer { condition.unlock() }
    guard !isClosing else {
      refuse(order, MartletError(.unavailable, "the prediction log is closed"))
      return
    }
    queue.append(order)
    isUrgent = true
    condition.signal()
  }

  private func refuse(_ order: Order, _ error: any Error) {
    switch order {
    case .record: break
    case .sync(let continuation): continuation.resume(throwing: error)
    case .seal(let continuation): continuation.resume(throwing: error)
    }
  }

  // MARK: The thread

  private func run() {
    var writer = SegmentWriter(folder: folder, limits: limits, clock: clock)
    var goesOn = true
    while goesOn {
      let (orders, isLast) = nextOrders(unsynced: writer.isUnsynced)
      goesOn = !isLast
      for order in orders { carryOut(order, &writer) }
      flush(&writer)
    }
    do { _ = try writer.seal() } catch { note(error, rows: 0) }
    condition.lock()
    hasClosed = true
    condition.broadcast()
    condition.unlock()
  }

  /// Waits for the first order, then a little longer, so that a busy queue is written in large pieces.
  private func nextOrders(unsynced: Bool) -> (orders: [Order], isLast: Bool) {
    condition.lock()
    defer { condition.unlock() }
    while queue.isEmpty, !isClosing {
      guard unsynced else {
        condition.wait()
        continue
      }
      guard condition.wait(until: Date(timeIntervalSinceNow: SegmentWriter.syncInterval.inSeconds)) else {
        return ([], false)
      }
    }
    let until = Date(timeIntervalSinceNow: limits.flushInterval.inSeconds)
    while !isUrgent, queuedRows < limits.queuedRows / 2 {
      guard condition.wait(until: until) else { break }
    }
    isUrgent = isClosing
    let orders = queue
    queue.removeAll(keepingCapacity: orders.count < 10_000)
    queuedRows = 0
    return (orders, isClosing)
  }

  private func carryOut(_ order: Order, _ writer: inout SegmentWriter) {
    switch order {
    case .record(let record): writer.add(record)
    case .sync(let continuation):
      do {
        try write(&writer)
        try writer.sync()
        continuation.resume()
      } catch {
        continuation.resume(throwing: error)
      }
    case .seal(let continuation):
      flush(&writer)
      do {
        _ = try writer.seal()
        continuation.resume(returning: SealedSegment.list(in: folder))
      } catch {
        continuation.resume(throwing: error)
      }
    }
    if writer.pendingBytes > 1 << 20 { flush(&writer) }
  }

  private func flush(_ writer: inout SegmentWriter) {
    do {
      try write(&writer)
      try writer.syncIfDue()
    } catch {
      // Already counted; a prediction is never refused for it unless its endpoint asks.
    }
  }

  private func write(_ writer: inout SegmentWriter) throws {
    let rows = writer.pendingRecords
    do {
      try writer.write()
      condition.lock()
      tally.written += rows
      condition.unlock()
    } catch {
      note(error, rows: rows)
      throw error
    }
  }

  private func note(_ error: any Error, rows: Int) {
    condition.lock()
    tally.dropped += rows
    tally.writeFailures += 1
    let isFirst = tally.writeFailures == 1
    condition.unlock()
    if isFirst { logger.error("Predictions are lost to the log.", metadata: ["cause": "\(error)"]) }
  }
}

/// Gathers lines into blocks and writes them to the segment of the moment. Used by one thread only.
private struct SegmentWriter {
  static let syncInterval = Duration.milliseconds(800)

  private let folder: String
  private let limits: PredictionLog.Limits
  private let clock: WallClock
  private var file: SegmentFile?
  private var number = 0
  private var block: [UInt8] = []
  private(set) var pendingRecords = 0
  private var first = Int64.max
  private var last = Int64.min
  private var lastSync = ContinuousClock.now

  init(folder: String, limits: PredictionLog.Limits, clock: WallClock) {
    self.folder = folder
    self.limits = limits
    self.clock = clock
  }

  var pendingBytes: Int { block.count }

  var isUnsynced: Bool { file.map { !$0.isSynced } ?? false }

  mutating func add(_ record: PredictionRecord) {
    record.forEachLine { time, line in
      SegmentFormat.append(line, to: &block)
      pendingRecords += 1
      first = min(first, time)
      last = max(last, time)
    }
  }

  /// Writes the block; whether that works or not, it is empty afterwards.
  mutating func write() throws {
    guard pendingRecords > 0 else { return }
    defer {
      block.removeAll(keepingCapacity: block.count < 4 << 20)
      pendingRecords = 0
      (first, last) = (.max, .min)
    }
    if let file, file.bytes + block.count > limits.segmentBytes || .now - file.openedAt > limits.segmentAge {
      _ = try seal()
    }
    try current().append(block, records: pendingRecords, first: first, last: last)
  }

  private mutating func current() throws -> SegmentFile {
    if let file { return file }
    number += 1
    let opened = try SegmentFile(folder: folder, stem: "\(clock.now.milliseconds)-\(getpid())-\(number)")
    file = opened
    return opened
  }

  mutating func sync() throws {
    try file?.sync()
    lastSync = .now
  }

  mutating func syncIfDue() throws {
    if isUnsynced, .now - lastSync >= Self.syncInterval { try sync() }
  }

  mutating func seal() throws -> SealedSegment? {
    defer { file = nil }
    return try file?.seal()
  }
}

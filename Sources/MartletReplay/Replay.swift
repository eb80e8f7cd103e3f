import Foundation
package import MartletCore
package import NIOPosix

/// Plays history to a server: in each step what became known is delivered, what was asked is asked, what came of it is
/// told, and then the project's clock is advanced. The server decides everything else.
///
/// Within a step rows come first, then requests and outcomes; whole files, which change no prediction, are delivered beside
/// them. Online features are joined by event time, so that a request never sees a row that became known after it. Only
/// one step is in memory at a time.
package struct Replay: Sendable {
  private let plan: ReplayPlan
  /// The folder that paths are relative to.
  private let folder: String
  private let server: any ReplayServer
  private let threads: NIOThreadPool

  /// How far a replay is; called after each step, and for each event.
  package enum Progress: Sendable {
    case reached(Timestamp, ReplayTally)
    case event(Timestamp, String)
  }

  package init(plan: ReplayPlan, folder: String, server: any ReplayServer, threads: NIOThreadPool = .singleton) {
    self.plan = plan
    self.folder = folder
    self.server = server
    self.threads = threads
  }

  /// Plays from where the project's clock stands to `until` (the plan's end unless earlier); returns what was done.
  package func run(until: Timestamp? = nil, onProgress: @Sendable (Progress) -> Void) async throws -> ReplayTally {
    let end = min(until ?? plan.to, plan.to)
    let reached = try await server.now()
    var position = max(plan.from, reached ?? plan.from)
    var tally = ReplayTally()
    guard position < end else { return tally }
    let streams = try await opened(from: position)
    let requester = try await requester()
    do {
      while position < end {
        let next = min(end, position + plan.step)
        try await play(position, next, streams, requester, &tally, onProgress)
        position = next
        tally.steps += 1
        onProgress(.reached(position, tally))
      }
    } catch {
      await requester?.close()
      throw error
    }
    await requester?.close()
    return tally
  }

  private func path(_ relative: String) -> String { relative.hasPrefix("/") ? relative : folder + "/" + relative }

  private func opened(from start: Timestamp) async throws -> Streams {
    try await threads.runIfActive { try Streams(plan, path: path, from: start) }
  }

  private func requester() async throws -> Requester? {
    guard let requests = plan.requests else { return nil }
    let address = try await server.address(of: requests.endpoint)
    let file = path(requests.file)
    let bodies = try await threads.runIfActive { try RequestBodies(path: file, timeColumn: requests.at) }
    return try Requester(address: address, connections: requests.connections, bodies: bodies)
  }

  // MARK: One step

  private func play(
    _ start: Timestamp, _ end: Timestamp, _ streams: Streams, _ requester: Requester?, _ tally: inout ReplayTally,
    _ onProgress: @Sendable (Progress) -> Void
  ) async throws {
    async let delivered = deliver(plan.due(after: start, until: end))
    let step = try await threads.runIfActive { try streams.step(before: end) }
    for (dataset, csv, count) in step.rows {
      try await server.push(csv, to: dataset, at: end)
      tally.rows += count
    }
    if let requester, !step.requests.isEmpty { await requester.send(step.requests, &tally) }
    if let outcomes = plan.outcomes {
      for batch in Self.batches(step.outcomes) { try await server.record(batch, for: outcomes.endpoint) }
      tally.outcomes += step.outcomes.count
    }
    for delivery in try await delivered {
      tally.partitions += 1
      guard let event = delivery.event else { continue }
      tally.quarantined += 1
      tally.events.append("\(delivery.at.day) \(event)")
      onProgress(.event(delivery.at, event))
    }
    for event in try await server.advance(to: end) {
      tally.events.append("\(end.day) \(event)")
      onProgress(.event(end, event))
    }
  }

  /// Delivers files one after the other; says of each that was held back why.
  private func deliver(_ due: [(day: String, partitions: ReplayPlan.Partitions, at: Timestamp)]) async throws
    -> [(at: Timestamp, event: String?)]
  {
    var delivered: [(at: Timestamp, event: String?)] = []
    for (day, partitions, at) in due {
      let file = path(partitions.files.replacing("{partition}", with: day))
      guard FileManager.default.fileExists(atPath: file) else { continue }
      let held = try await server.deliver(file, to: partitions.dataset, partition: day)
      delivered.append((at, held.map { "\(partitions.dataset) \(day) held back: \($0)" }))
    }
    return delivered
  }

  private static func batches(_ outcomes: [ReplayOutcome]) -> [[ReplayOutcome]] {
    stride(from: 0, to: outcomes.count, by: 5000).map { Array(outcomes[$0..<min($0 + 5000, outcomes.count)]) }
  }
}

/// The files being read. Used by one thread at a time.
private final class Streams: @unchecked Sendable {
  struct Step: Sendable {
    var rows: [(dataset: String, csv: [UInt8], count: Int)] = []
    var requests: [CSVLine] = []
    var outcomes: [ReplayOutcome] = []
  }

  private let rows: [(dataset: String, stream: CSVStream)]
  private let requests: CSVStream?
  private let outcomes: (stream: CSVStream, id: Int, value: Int)?

  init(_ plan: ReplayPlan, path: (String) -> String, from start: Timestamp) throws {
    func open(_ file: String, _ at: String) throws -> CSVStream {
      let stream = try CSVStream(path: path(file), timeColumn: at)
      try stream.skip(before: start)
      return stream
    }
    rows = try plan.rows.map { ($0.dataset, try open($0.file, $0.at)) }
    requests = try plan.requests.map { try open($0.file, $0.at) }
    outcomes = try plan.outcomes.map {
      let stream = try open($0.file, $0.at)
      return (stream, try stream.position(of: $0.id), try stream.position(of: $0.value))
    }
  }

  func step(before end: Timestamp) throws -> Step {
    var step = Step()
    for (dataset, stream) in rows {
      let lines = try stream.take(before: end)
      guard !lines.isEmpty else { continue }
      var csv = stream.header + [0x0A]
      for (_, line) in lines { csv.append(contentsOf: line.bytes + [0x0A]) }
      step.rows.append((dataset, csv, lines.count))
    }
    step.requests = try requests?.take(before: end).map(\.line) ?? []
    if let (stream, id, value) = outcomes {
      step.outcomes = try stream.take(before: end).compactMap { time, line in
        guard let name = line.text(id), let text = line.text(value) else { return nil }
        guard let number = Double(text) ?? ["true": 1, "false": 0][text.lowercased()] else {
          throw MartletError.invalidInput("an outcome is not a number, true or false")
        }
        return ReplayOutcome(id: name, value: number, at: time)
      }
    }
    return step
  }
}

/// Sends requests over a few connections at once, each waiting for its answer before its next.
private struct Requester: Sendable {
  private let connections: [RequestConnection]
  private let bodies: RequestBodies

  init(address: String, connections: Int, bodies: RequestBodies) throws {
    guard let url = URL(string: address), let host = url.host, let port = url.port else {
      throw MartletError(.unavailable, "the endpoint's address '\(address)' cannot be used")
    }
    let target = RequestConnection.Address(host: host, port: port, path: url.path)
    self.connections = (0..<connections).map { _ in
      RequestConnection(to: target, group: MultiThreadedEventLoopGroup.singleton)
    }
    self.bodies = bodies
  }

  /// Sends all of them and returns when all are answered, or have failed.
  func send(_ lines: [CSVLine], _ tally: inout ReplayTally) async {
    let begin = ContinuousClock.now
    let done = await withTaskGroup(of: [(Duration, Bool)].self) { group in
      for (offset, connection) in connections.enumerated() {
        group.addTask {
          var answers: [(Duration, Bool)] = []
          for position in stride(from: offset, to: lines.count, by: connections.count) {
            let start = ContinuousClock.now
            let status = try? await connection.post(bodies.body(lines[position]))
            answers.append((.now - start, status == 200))
          }
          return answers
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    for (duration, succeeded) in done { tally.add(duration, succeeded: succeeded) }
    tally.requestSeconds += (ContinuousClock.now - begin).inSeconds
  }

  func close() async { for connection in connections { await connection.close() } }
}

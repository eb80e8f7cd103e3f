import Foundation
import MartletCore
import NIOPosix
import Synchronization

/// The log of one step of a run: a folder of segments, each named by the offset at which it starts.
///
/// Lines are written in the order in which they are appended, on a thread of the pool. At most two segments are kept, so
/// a log never takes more than twice `segmentBytes`; what is lost is the beginning. It can be read while it grows.
package final class StepLog: Sendable {
  package static let segmentBytes = 4 << 20
  private static let longestLine = 16 << 10

  private struct State {
    var pending: [UInt8] = []
    var isWriting = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let folder: String
  private let wall: WallClock
  private let threads: NIOThreadPool
  private let state = Mutex(State())

  init(folder: String, wall: WallClock, threads: NIOThreadPool) {
    self.folder = folder
    self.wall = wall
    self.threads = threads
  }

  /// Adds a line with the wall-clock time of day before it. Control characters are left out, long lines are cut.
  package func append(_ line: String) {
    let clean = line.unicodeScalars.filter { $0 == "\t" || $0.value >= 32 && $0.value != 127 }
    var text = String(String.UnicodeScalarView(clean))
    if text.utf8.count > Self.longestLine { text = String(text.prefix(Self.longestLine / 4)) + " …" }
    let time = wall.now.description.dropFirst(11).dropLast()
    let starts = state.withLock { state in
      state.pending += Array("\(time) \(text)\n".utf8)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if starts { threads.submit { _ in self.drain() } }
  }

  /// Returns when everything appended before has been written.
  package func flush() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.isWriting { state.waiters.append(continuation) }
        return !state.isWriting
      }
      if isIdle { continuation.resume() }
    }
  }

  private func drain() {
    while true {
      let (bytes, waiters) = state.withLock { state -> ([UInt8], [CheckedContinuation<Void, Never>]) in
        defer { state.pending = [] }
        if state.pending.isEmpty {
          state.isWriting = false
          defer { state.waiters = [] }
          return ([], state.waiters)
        }
        return (state.pending, [])
      }
      if bytes.isEmpty {
        for waiter in waiters { waiter.resume() }
        return
      }
      // A log that cannot be written must not fail the step: what the step does is recorded elsewhere.
      try? write(bytes)
    }
  }

  private func write(_ bytes: [UInt8]) throws {
    var segments = Self.segments(in: folder)
    if segments.isEmpty {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      segments = [(0, 0)]
    }
    var last = segments[segments.count - 1]
    if last.size >= Self.segmentBytes {
      last = (last.start + last.size, 0)
      for old in segments.dropLast() { try FileManager.default.removeItem(atPath: Self.path(folder, old.start)) }
    }
    let path = Self.path(folder, last.start)
    if last.size == 0 {
      _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    }
    guard let file = FileHandle(forWritingAtPath: path) else { return }
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: bytes)
  }

  fileprivate static func path(_ folder: String, _ start: Int) -> String { "\(folder)/\(start).log" }

  /// Segments by where they start.
  fileprivate static func segments(in folder: String) -> [(start: Int, size: Int)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      guard name.hasSuffix(".log"), let start = Int(name.dropLast(4)),
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)"),
        let size = (attributes[.size] as? NSNumber)?.intValue
      else { return nil }
      return (start, size)
    }.sorted { $0.0 < $1.0 }
  }
}

/// A piece of a step's log.
package struct StepLogPage: Sendable, Hashable {
  /// Where the text starts, in bytes from the log's beginning; later than asked for when the beginning is no longer kept.
  package var offset: Int
  /// Where to go on reading.
  package var nextOffset: Int
  package var text: String

  /// Reads up to `maximumBytes` of whole lines; blocking.
  static func read(folder: String, from offset: Int, maximumBytes: Int) -> StepLogPage {
    let segments = StepLog.segments(in: folder)
    guard let segment = segments.last(where: { $0.start <= offset }) ?? segments.first,
      let file = FileHandle(forReadingAtPath: StepLog.path(folder, segment.start))
    else { return StepLogPage(offset: offset, nextOffset: offset, text: "") }
    defer { try? file.close() }
    let start = max(offset, segment.start)
    if start >= segment.start + segment.size, let next = segments.first(where: { $0.start > segment.start }) {
      return read(folder: folder, from: next.start, maximumBytes: maximumBytes)
    }
    guard start <= segment.start + segment.size, (try? file.seek(toOffset: UInt64(start - segment.start))) != nil else {
      return StepLogPage(offset: start, nextOffset: start, text: "")
    }
    let data = (try? file.read(upToCount: maximumBytes)) ?? Data()
    var bytes = Array(data)
    if bytes.count == maximumBytes, let end = bytes.lastIndex(of: UInt8(ascii: "\n")) { bytes = Array(bytes[...end]) }
    return StepLogPage(offset: start, nextOffset: start + bytes.count, text: String(decoding: bytes, as: UTF8.self))
  }
}

import Foundation
import HummingbirdTesting
import Logging
import MartletCore
import Testing

@testable import MartletServing

@Suite("The prediction log")
struct PredictionLogTests {
  @Test("CRC-32 gives the check value of the standard")
  func checksums() { #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926) }

  @Test("CRC-32 of any length is what division byte by byte gives, in arrays and in slices of them")
  func checksumsOfAllLengths() {
    let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) }
    for length in 0...bytes.count {
      let plain = bytes[..<length].reduce(UInt32.max) { sum, byte in
        (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
      }
      #expect(CRC32.of(bytes[..<length]) == ~plain)
      #expect(CRC32.of(Array(bytes[..<length])) == ~plain)
    }
  }

  private func segment(_ payloads: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    for payload in payloads { SegmentFormat.append(Array(payload.utf8), to: &bytes) }
    return bytes
  }

  private let lines = (0..<20).map { "{\"event_time\":\(1000 + $0),\"id\":\"\($0)\"}\n" }

  @Test("Wherever a crash cuts a segment off, the whole records before are kept and the rest is gone")
  func recovers() throws {
    let whole = segment(lines)
    for cut in stride(from: 0, through: whole.count, by: 7) {
      let folder = try TestPlane.folder()
      defer { try? FileManager.default.removeItem(atPath: folder) }
      try Data(whole[..<cut]).write(to: URL(fileURLWithPath: folder + "/1-2-3.open"))
      try SegmentRecovery.recover(folder: folder)
      let sealed = SealedSegment.list(in: folder)
      let kept = cut / (whole.count / 20)
      guard let found = sealed.first else {
        #expect(cut < segment([lines[0]]).count)
        continue
      }
      var read: [String] = []
      let outcome = try SegmentReader(path: folder + "/" + found.name).forEachRecord {
        read.append(String(decoding: $0, as: UTF8.self))
      }
      #expect(read == Array(lines.prefix(found.records)))
      #expect(abs(found.records - kept) <= 1)
      #expect(outcome.tornBytes == 0)
      #expect(found.firstEventTime == 1000 && found.lastEventTime == 999 + Int64(found.records))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
    }
  }

  @Test("A flipped bit, or zeros after the end, end the reading without an error")
  func stopsAtDamage() throws {
    let folder = try TestPlane.folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/x"
    var damaged = segment(lines)
    damaged[damaged.count / 2] ^= 0x10
    try Data(damaged).write(to: URL(fileURLWithPath: path))
    var count = 0
    let outcome = try SegmentReader(path: path).forEachRecord { _ in count += 1 }
    #expect(count == outcome.records && (8...11).contains(count))
    #expect(outcome.goodBytes + outcome.tornBytes == damaged.count)
    try Data(segment(Array(lines.prefix(3))) + [UInt8](repeating: 0, count: 4096)).write(to: URL(fileURLWithPath: path))
    #expect(try SegmentReader(path: path).forEachRecord { _ in }.records == 3)
  }

  @Test("A full segment is sealed and the next begun; what is written is all there")
  func rolls() async throws {
    var limits = ScoringPlane.Limits()
    limits.log.segmentBytes = 4000
    let test = try TestPlane(limits: limits)
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)], log: .init(idColumn: "id"))
    try await test.application.test(.router) { client async throws -> Void in
      for number in 0..<100 {
        _ = try await client.predict(#"{"dataframe_records": [{"id": \#(number), "a": 1, "b": "x"}]}"#)
        if number % 10 == 0 { try await test.plane.log.sync() }
      }
    }
    let segments = try await test.plane.seal()
    #expect(segments.count > 3)
    #expect(segments.reduce(0) { $0 + $1.records } == 100)
    #expect(try await test.logged().compactMap { $0["id"]?.string } == (0..<100).map(String.init))
    #expect(test.plane.log.counts == .init(written: 100, dropped: 0, writeFailures: 0))
  }

  @Test("What does not fit into the queue is dropped and counted, and the prediction is answered")
  func drops() async throws {
    var limits = ScoringPlane.Limits()
    limits.log.queuedRows = 1
    limits.log.flushInterval = .seconds(3600)
    let test = try TestPlane(limits: limits)
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)])
    let rows = #"{"inputs": {"a": [1, 2, 3], "b": ["", "", ""]}}"#
    try await test.application.test(.router) { client async throws -> Void in
      for _ in 0..<50 { #expect(try await client.predict(rows).status == 200) }
    }
    _ = try await test.plane.seal()
    let counts = test.plane.log.counts
    #expect(counts.written + counts.dropped == 150)
  }

  @Test("Where the log is required, a prediction is answered only when it is on disk")
  func requires() async throws {
    let test = try TestPlane()
    try test.apply([try test.variant(1, TestPlane.simple)], log: .init(required: true))
    try await test.application.test(.router) { client async throws -> Void in
      #expect(try await client.predict(#"{"inputs": {"a": [1], "b": ["x"]}}"#).status == 200)
      #expect(test.plane.log.counts.written == 1)
      test.close()
      #expect(try await client.predict(#"{"inputs": {"a": [1], "b": ["x"]}}"#).status == 503)
    }
  }

  @Test("A share of the predictions is logged, chosen by id")
  func samples() async throws {
    let test = try TestPlane()
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)], log: .init(share: 0.25, idColumn: "id"))
    let records = (0..<2000).map { #"{"id": "\#($0)", "a": 1, "b": ""}"# }.joined(separator: ",")
    try await test.application.test(.router) { client async throws -> Void in
      #expect(try await client.predict(#"{"dataframe_records": [\#(records)]}"#).status == 200)
    }
    let count = try await test.logged().count
    #expect((430...570).contains(count))
  }
}

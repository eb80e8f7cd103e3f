import Foundation
import MartletCore
import MartletTracking
import Testing

@testable import MartletExchange

@Suite("The metric files of a folder") struct MetricFileTests {
  private func read(_ lines: [String]) async throws -> [ImportedSeries] {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: path))
    var found: [ImportedSeries] = []
    try await MetricFile(path: path, run: "r", key: "k").forEachPage { found += $0 }
    return found
  }

  @Test("Every point once, whether the file is in order or not")
  func repeated() async throws {
    let ordered = try await read(["1 0.5 1", "1 0.5 1", "2 nan 2", "2 nan 2", "3 -inf 3", ""])
    #expect(ordered.flatMap(\.steps) == [1, 2, 3] && ordered[0].values[2] == -.infinity && ordered[0].values[1].isNaN)
    let mixed = try await read(["5 1.0 9", "1 0.5 1", "5 1.0 9", "2 0.5 1", "1 0.5 1"])
    #expect(mixed.flatMap(\.timestamps) == [5, 1, 2])
    #expect(try await read([]).isEmpty)
  }

  @Test("A long file comes in parts of ten thousand points")
  func parts() async throws {
    let found = try await read((0..<25_000).map { "\($0) 0.1 \($0)" })
    #expect(found.map(\.count) == [10_000, 10_000, 5000] && found.flatMap(\.steps) == (0..<25_000).map { Int64($0) })
  }

  @Test("Old lines without a step, and new ones with a data set, are read too")
  func otherLines() async throws {
    let found = try await read(["1 0.5", "2 0.25 7 train abc", "3 1e-3 8\r"])
    #expect(found.flatMap(\.steps) == [0, 7, 8] && found.flatMap(\.values) == [0.5, 0.25, 0.001])
    await #expect(throws: MartletError.self) { try await read(["1 x 2"]) }
  }
}

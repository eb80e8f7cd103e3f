package import MartletCore
package import MartletPipelines

/// Reads the logs of steps, wherever the runner keeps them.
package struct StepLogReader: Sendable {
  package typealias Read = @Sendable (_ run: PipelineRunID, _ step: String, _ offset: Int) async throws -> StepLogPage
  private let read: Read

  package init(_ read: @escaping Read) { self.read = read }

  /// At most this much of a log is shown; the rest is read through the API.
  private static let tailBytes = 24 << 10
  private static let mostPages = 64

  /// The last whole lines of a step's log; nil when there are none.
  func tail(of step: String, in run: PipelineRunID) async throws -> String? {
    var text = ""
    var offset = 0
    for _ in 0..<Self.mostPages {
      let page = try await read(run, step, offset)
      guard page.nextOffset > offset, !page.text.isEmpty else { break }
      offset = page.nextOffset
      text = Self.end(of: text + page.text)
    }
    return text.isEmpty ? nil : text
  }

  private static func end(of text: String) -> String {
    guard text.utf8.count > tailBytes else { return text }
    let end = Array(text.utf8.suffix(tailBytes))
    let start = end.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return "…\n" + String(decoding: end[start...], as: UTF8.self)
  }
}

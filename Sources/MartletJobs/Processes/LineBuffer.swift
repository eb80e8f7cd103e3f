import Foundation

/// Cuts a stream of bytes into lines.
struct LineBuffer {
  private var partial = Data()
  /// Lines longer than this are cut into several; nil keeps them whole.
  private let limit: Int?

  init(limit: Int? = nil) { self.limit = limit }

  /// The lines that are complete now, without their ends.
  mutating func append(_ bytes: some Collection<UInt8>) -> [Data] {
    var lines: [Data] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0A) {
      partial.append(contentsOf: rest[..<end])
      lines.append(take())
      rest = rest[rest.index(after: end)...]
    }
    partial.append(contentsOf: rest)
    while let limit, partial.count >= limit { lines.append(take(limit)) }
    return lines
  }

  /// What came after the last line end, nil when nothing did.
  mutating func finish() -> Data? { partial.isEmpty ? nil : take() }

  private mutating func take() -> Data {
    defer { partial = Data() }
    return partial
  }

  private mutating func take(_ count: Int) -> Data {
    let head = Data(partial.prefix(count))
    partial = Data(partial.dropFirst(count))
    return head
  }
}

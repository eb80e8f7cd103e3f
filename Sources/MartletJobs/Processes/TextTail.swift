/// The last part of a long text: what is kept of a process's log.
struct TextTail {
  private var bytes: [UInt8] = []
  private let limit: Int

  init(limit: Int = 32 << 10) { self.limit = limit }

  mutating func append(_ new: some Collection<UInt8>) {
    bytes.append(contentsOf: new)
    if bytes.count > limit * 2 { bytes.removeFirst(bytes.count - limit) }
  }

  var text: String { String(decoding: bytes.suffix(limit), as: UTF8.self) }

  /// The last line that says something, at most 300 characters; nil when there is none.
  var lastLine: String? {
    text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }.map { String($0).prefixed(300) }
  }
}

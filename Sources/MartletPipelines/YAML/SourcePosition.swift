/// A place in a text file, as editors count: the first line is 1, the first column is 1.
package struct SourcePosition: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
  package var line: Int
  package var column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  package var description: String { "\(line):\(column)" }
  package static func < (a: Self, b: Self) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// One thing to correct in a file, with its place.
package struct FileProblem: Sendable, Hashable, Codable {
  package var position: SourcePosition
  package var message: String

  package init(_ position: SourcePosition, _ message: String) {
    self.position = position
    self.message = message
  }
}

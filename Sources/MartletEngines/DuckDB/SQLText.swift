/// Pieces of SQL text, safely quoted.
package enum SQLText {
  /// An identifier: `a"b` becomes `"a""b"`.
  package static func quote(_ identifier: String) -> String { enclose(identifier, in: "\"") }

  /// A text literal: `it's` becomes `'it''s'`.
  package static func literal(_ text: String) -> String { enclose(text, in: "'") }

  /// A list of text literals, such as the files of `read_parquet`: `['a', 'b']`.
  package static func list(_ texts: some Sequence<String>) -> String {
    "[" + texts.map(literal).joined(separator: ", ") + "]"
  }

  private static func enclose(_ text: String, in mark: Character) -> String {
    var output = String(mark)
    for character in text.unicodeScalars where character != "\0" {
      if Character(character) == mark { output.append(mark) }
      output.unicodeScalars.append(character)
    }
    output.append(mark)
    return output
  }
}

import Yams

/// The parser's errors in the words of this program.
enum YAMLErrorText {
  static func add(_ error: YamlError, of text: String, to problems: FileProblems) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let opened = context.map { " (\($0.text), from line \($0.mark.line))" } ?? ""
      problems.add(SourcePosition(mark), "this is not YAML: \(problem)\(opened)\(tabHint(text, mark.line))")
    case .duplicatedKeysInMapping(let keys, let context):
      for key in keys { addDuplicate(key, first: context.mark, of: text, to: problems) }
    case .reader(let problem, _, _, _):
      problems.add(SourcePosition(line: 1, column: 1), "the file cannot be read as UTF-8 text: \(problem)")
    default:
      problems.add(SourcePosition(line: 1, column: 1), "this is not YAML: \(error)")
    }
  }

  private static func tabHint(_ text: String, _ line: Int) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let around = lines.indices.contains(line - 1) ? lines[line - 1] : ""
    return around.prefix { $0 == " " || $0 == "\t" }.contains("\t") ? "; indent with spaces, not tabs" : ""
  }

  /// The parser tells where a key stands first; the second place is what a reader wants to see.
  private static func addDuplicate(_ key: String, first: Mark, of text: String, to problems: FileProblems) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let later = lines.indices.dropFirst(first.line).first { index in
      let line = lines[index]
      let indent = line.prefix { $0 == " " || $0 == "-" }.count
      let rest = line.dropFirst(indent)
      return indent == first.column - 1
        && ["", "\"", "'"].contains { rest.hasPrefix("\($0)\(key)\($0):") || rest.hasPrefix("\($0)\(key)\($0) :") }
    }
    let position = later.map { SourcePosition(line: $0 + 1, column: first.column) } ?? SourcePosition(first)
    problems.add(position, "the key '\(key.prefix(64))' is given twice; the first is on line \(first.line)")
  }
}

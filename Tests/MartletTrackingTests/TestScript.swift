import Foundation
import Testing

/// A text script of questions and expected answers: lines that begin with '>' are questions, the line after is the
/// answer, '#' begins a comment, everything else is a statement for the test to carry out.
struct TestScript {
  struct Question {
    var line: Int
    var text: String
    var answer: String
  }

  var statements: [String] = []
  var questions: [Question] = []

  init(named name: String) throws {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "txt", subdirectory: "Scripts"))
    let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
    var asked: (line: Int, text: String)?
    for (index, raw) in lines.enumerated() {
      let line = raw.trimmingCharacters(in: .whitespaces)
      if let question = asked {
        questions.append(Question(line: question.line, text: question.text, answer: line))
        asked = nil
      } else if line.hasPrefix(">") {
        asked = (index + 1, line.dropFirst().trimmingCharacters(in: .whitespaces))
      } else if !line.isEmpty, !line.hasPrefix("#") {
        statements.append(line)
      }
    }
  }
}

import Foundation
import MartletCore
import Testing

@testable import MartletPipelines

/// Runs the text scripts beside it: a project file, and the messages that it must give, with their places.
///
/// A script holds cases: `=== title`, the file, `>>>`, one expected message a line (none: the file is correct).
@Suite("Project files: what is wrong is said with its line") struct ProjectFileScripts {
  struct Case: Sendable, CustomTestStringConvertible {
    var title: String
    var yaml: String
    var expected: [String]
    var testDescription: String { title }
  }

  static let cases: [Case] = {
    let folder = Bundle.module.url(forResource: "Scripts", withExtension: nil)
    let files = (try? FileManager.default.contentsOfDirectory(at: folder!, includingPropertiesForKeys: nil)) ?? []
    return files.sorted { $0.path < $1.path }.flatMap { file -> [Case] in
      let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
      return text.components(separatedBy: "\n=== ").dropFirst().map { block in
        let title = String(block.prefix { $0 != "\n" })
        let halves = block.dropFirst(title.count + 1).components(separatedBy: ">>>\n")
        let expected =
          halves.count > 1 ? halves[1].split(separator: "\n").map(String.init) : ["(the script has no >>>)"]
        return Case(title: title, yaml: halves[0], expected: expected)
      }
    }
  }()

  @Test("Each script gives its messages", arguments: cases) func script(_ script: Case) {
    let problems = FileProblems(fileName: "martlet.yaml")
    var context = ProjectFileContext()
    context.checkExpression = { line in
      if line.contains("???") { throw MartletError.invalidInput("'???' is not an expression") }
    }
    let file = ProjectFile.read(script.yaml, problems: problems, context: context)
    let notYet = problems.isEmpty ? (file?.notYet ?? []).map { "\($0.position): (not yet) \($0.message)" } : []
    #expect(problems.sorted.map { "\($0.position): \($0.message)" } + notYet == script.expected)
  }

  @Test("There are scripts") func some() { #expect(Self.cases.count > 30) }
}

package import MartletCore

/// What is found wrong while one file is read: all of it, not only the first. The first 25 problems are kept.
package final class FileProblems {
  package static let kept = 25

  package let fileName: String
  private var problems: [FileProblem] = []
  private var seen: Set<FileProblem> = []
  /// Correct text that asks for something this version does not do.
  package private(set) var notYet: [FileProblem] = []

  package init(fileName: String) { self.fileName = fileName }

  package var isEmpty: Bool { problems.isEmpty }

  /// Problems in the order of the file.
  package var sorted: [FileProblem] { problems.sorted { ($0.position, $0.message) < ($1.position, $1.message) } }

  package func add(_ position: SourcePosition, _ message: String) {
    let problem = FileProblem(position, message)
    if seen.insert(problem).inserted { problems.append(problem) }
  }

  /// Notes that `what` is understood and not there yet; refused when something is planned or run, not when read.
  package func addNotYet(_ position: SourcePosition, _ what: String) {
    notYet.append(FileProblem(position, "\(what) is not there yet"))
  }

  /// Throws one error that names every problem with its line and column, when there are any.
  package func throwIfAny() throws {
    if let error = Self.error(sorted, in: fileName) { throw error }
  }

  /// One error for a list of problems; nil when the list is empty.
  package static func error(_ problems: [FileProblem], in fileName: String) -> MartletError? {
    let lines = problems.prefix(kept).map { "\(fileName):\($0.position): \($0.message)" }
    guard let first = lines.first else { return nil }
    let fix = "correct \(fileName) there, then check it with: martlet plan"
    if problems.count == 1 { return .invalidInput(first, fix: fix) }
    let rest = problems.count > kept ? "\n… and \(problems.count - kept) more" : ""
    return MartletError(
      .invalidInput, "\(fileName) has \(problems.count) errors", cause: lines.joined(separator: "\n") + rest, fix: fix)
  }
}

import ArgumentParser
import MartletCore
import Testing

@testable import martlet

@Suite("The command line reads what people write")
struct CommandLineTests {
  @Test(
    "Global flags before the command go behind it",
    arguments: [
      (["--server", "u", "data", "list"], ["data", "list", "--server", "u"]),
      (["-o", "json", "--no-color", "status"], ["status", "-o", "json", "--no-color"]),
      (["--output=json", "status"], ["status", "--output=json"]),
      (["data", "list", "-o", "csv"], ["data", "list", "-o", "csv"]),
      (["--data", "d", "run", "--", "-o", "x"], ["run", "--data", "d", "--", "-o", "x"]),
      (["data", "--server=u", "list", "-o", "csv", "--all"], ["data", "list", "--all", "--server=u", "-o", "csv"]),
      (["--help"], ["--help"]), ([], []),
    ])
  func globalFlags(written: [String], understood: [String]) { #expect(GlobalFlags.moveToEnd(written) == understood) }

  @Test(
    "A misspelt command is refused with the nearest one",
    arguments: [(["staus"], "status"), (["model", "shwo"], "show"), (["data", "lits"], "list")])
  func misspelt(words: [String], suggestion: String) {
    let error = #expect(throws: UsageError.self) { try CommandNames.check(words) }
    #expect(error?.error.message.contains("did you mean '\(suggestion)'?") == true)
  }

  @Test("Every command parses its own help, and shows an example first")
  func examples() {
    var waiting: [any ParsableCommand.Type] = [Martlet.self]
    while let command = waiting.popLast() {
      let configuration = command.configuration
      waiting += configuration.ungroupedSubcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
      guard configuration.shouldDisplay else { continue }
      #expect(configuration.discussion.hasPrefix("EXAMPLE"), "\(configuration.commandName ?? "")")
      #expect(!configuration.abstract.isEmpty)
    }
  }

  @Test(
    "Spans of time are read with their unit",
    arguments: [("30s", 30.0), ("5m", 300), ("2h", 7200), ("1d", 86_400), ("250ms", 0.25), ("7", 7)])
  func spans(text: String, seconds: Double) { #expect(Span(argument: text)?.duration == .seconds(seconds)) }

  @Test("Other spans are not", arguments: ["", "s", "5 parsecs", "-3s", "1e99s"])
  func noSpans(text: String) { #expect(Span(argument: text) == nil) }

  @Test(
    "Each kind of failure has its exit code",
    arguments: [
      (MartletError.Code.notFound, 3), (.permissionDenied, 4), (.checkFailed, 5), (.conflict, 6), (.unavailable, 7),
      (.invalidInput, 1), (.internalError, 1),
    ])
  func exitCodes(code: MartletError.Code, status: Int) { #expect(Int(ExitStatus(code).rawValue) == status) }

  @Test("Run parameters are numbers, booleans or text")
  func parameters() throws {
    let json = try RunRequest(params: ["days=90", "name=x=y", "flag=true", "list=[1]"], steps: ["train"], force: true)
      .json
    #expect(
      json == ["force": true, "steps": ["train"], "params": ["days": 90, "name": "x=y", "flag": true, "list": "[1]"]])
    #expect(throws: UsageError.self) { try RunRequest(params: ["days"], steps: [], force: false) }
  }
}

@Suite("Results are written for people and for programs")
struct OutputTests {
  @Test("A table is as wide as its cells, numbers to the right, control characters gone")
  func table() {
    let items: [JSON] = [["name": "a", "n": 5], ["name": "lo\u{1B}[31mng", "n": 12345]]
    let lines = Table(columns: [.init("NAME", "name"), .init("N", "n", number: true)], usesColor: false).lines(items)
    #expect(lines == ["NAME           N", "a              5", "lo [31mng  12345"])
  }

  @Test("CSV quotes what needs it")
  func csv() {
    let lines = CSVText.lines(
      [["a": "x,y", "b": ["k": 1]], ["a": "say \"hi\""]], [.init("A", "a"), .init("B", "b.k")])
    #expect(lines == ["a,b", "\"x,y\",1", "\"say \"\"hi\"\"\","])
  }

  @Test(
    "Cells are short",
    arguments: [
      (JSON.double(0.123456), "0.1235"), (JSON.double(2), "2"), (JSON.boolean(true), "yes"), (JSON.null, ""),
      (JSON.string("2013-01-01T00:00:00.000Z"), "2013-01-01T00:00:00Z"), (JSON.array(["a", 1]), "a, 1"),
    ])
  func cells(value: JSON, text: String) { #expect(value.cellText == text) }

  @Test("Server-sent events are cut at blank lines, in any pieces")
  func events() {
    var parser = EventParser()
    #expect(parser.read("event: step\nda".utf8).isEmpty)
    let events = parser.read("ta: {\"a\":1}\r\n\r\ndata: x\ndata: y\n\n: comment\n\n".utf8)
    #expect(events.map(\.name) == ["step", nil])
    #expect(events.map(\.data) == ["{\"a\":1}", "x\ny"])
  }
}

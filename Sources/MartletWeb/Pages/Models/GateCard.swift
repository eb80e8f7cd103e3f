import MartletCore
import MartletGovernance

/// A judged gate, line by line.
struct GateCard {
  var gate: String
  var verdict: String
  var when: String
  var lines: String

  init(_ record: GateRecord) {
    gate = record.result.gate
    verdict = Badge(record.result.passed ? "passed" : "refused", record.result.passed ? .good : .bad).html
    when = "\(shortTime(record.judgedAt)) · asked for by \(record.author.name)"
    lines =
      Table(
        "Lines of the gate \(record.result.gate)", columns: [.init("Line"), .init("Verdict"), .init("Why")],
        rows: record.result.lines.map { line in
          let badge =
            line.isVacuous
            ? Badge("nothing to compare yet") : Badge(line.holds ? "holds" : "fails", line.holds ? .good : .bad)
          return Table.Row([.code(line.text), .badge(badge), .text(line.explanation)])
        }, empty: "The gate has no lines."
      ).html
  }
}

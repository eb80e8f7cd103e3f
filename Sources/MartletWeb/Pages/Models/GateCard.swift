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
          Table.Row([.code(line.text), .badge(line.state.badge), .text(line.explanation)])
        }, empty: "The gate has no lines."
      ).html
  }
}

extension GateLineResult.State {
  var badge: Badge {
    switch self {
    case .holds: Badge("holds", .good)
    case .vacuous: Badge("nothing to compare yet")
    case .fails: Badge("fails", .bad)
    case .unmeasured: Badge("unmeasured", .warn)
    }
  }
}

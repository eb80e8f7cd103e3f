import MartletCore
import MartletTracking

/// Boxes for the columns of a runs table, the commonest keys first.
struct ColumnChooser {
  struct Group {
    var legend: String
    var choices: [Choice]
  }

  struct Choice {
    var reference: String
    var label: String
    var isChosen: Bool
    /// How many of the latest runs have it.
    var runs: String
  }

  var groups: [Group]
  var chosen: String
  /// That there are more keys than these, and how to name others.
  var remark: String?

  /// - Parameter columns: those that the address names; empty where the table chooses by itself.
  init(_ census: KeyCensus, chosen columns: [RunColumn]) {
    let chosenSet = Set(columns)
    groups = [
      Self.group("Metrics", .metric, census, chosenSet), Self.group("Parameters", .param, census, chosenSet),
      Self.group("Tags", .tag, census, chosenSet), Self.attributes(chosenSet),
    ].filter { !$0.choices.isEmpty }
    chosen = columns.isEmpty ? "those that tell most" : counted(columns.count, "column") + " chosen"
    remark =
      census.isCut
      ? "The commonest keys of the latest runs, not all: others can be written into the address, as columns=metrics.loss."
      : nil
  }

  private static func group(
    _ legend: String, _ kind: RunColumn.Kind, _ census: KeyCensus, _ chosen: Set<RunColumn>
  ) -> Group {
    let known = census.keys(kind)
    let others = chosen.filter { column in column.kind == kind && !known.contains { $0.column == column } }
    let missing = others.sorted { $0.key < $1.key }.map { KeyUsage(column: $0, runs: 0, values: 0) }
    let choices = (missing + known).compactMap { usage -> Choice? in
      guard let reference = usage.column.reference, !isInternal(usage.column) else { return nil }
      return Choice(
        reference: reference, label: usage.column.key, isChosen: chosen.contains(usage.column),
        runs: usage.runs == 0 ? "" : counted(usage.runs, "run"))
    }
    return Group(legend: legend, choices: choices)
  }

  private static func attributes(_ chosen: Set<RunColumn>) -> Group {
    let keys = ["user_id", "end_time", "run_id"]
    return Group(
      legend: "About the run",
      choices: keys.map { key in
        let column = RunColumn(.attribute, key)
        return Choice(
          reference: column.reference ?? key, label: RunTable.title(column), isChosen: chosen.contains(column), runs: ""
        )
      })
  }

  /// The fields of the form around it.
  var html: String {
    let note = remark.map { #"<p class="muted small">\#(escaped($0))</p>"# } ?? ""
    let fields = groups.map { group in
      let boxes = group.choices.map { choice in
        """
        <label class="check"><input type="checkbox" name="columns" value="\(escaped(choice.reference))"\
        \(choice.isChosen ? " checked" : "")>\(escaped(shortened(choice.label, limit: 100)))\
        \(choice.runs.isEmpty ? "" : " <span class=\"muted small\">\(choice.runs)</span>")</label>
        """
      }
      return "<fieldset><legend>\(group.legend)</legend>\(boxes.joined())</fieldset>"
    }
    return """
      <details class="columns"><summary>Columns: \(chosen)</summary>\(note)\(fields.joined())\
      <button type="submit">Show these columns</button></details>
      """
  }

  /// Long machine text that clients keep in tags.
  private static func isInternal(_ column: RunColumn) -> Bool {
    column.kind == .tag && ["mlflow.log-model.history", "mlflow.runName"].contains(column.key)
  }
}

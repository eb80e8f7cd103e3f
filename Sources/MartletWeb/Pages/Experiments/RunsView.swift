import MartletCore
import MartletTracking

/// What an experiment's address asks for. Whatever cannot be read is kept as it was typed, beside what is wrong.
struct RunsView: Sendable {
  /// A field of the form and what is wrong with it.
  struct Problem: Sendable, Hashable {
    enum Field: Sendable { case filter, order, columns, group, page }
    var field: Field
    var error: MartletError
  }

  var filter: String?
  var order: String?
  /// As they were chosen; empty for those that show most.
  var columns: [RunColumn] = []
  var onlyDifferences: Bool
  /// As it was typed: `params.seed`.
  var group: String?
  var groupColumn: RunColumn?
  var pageToken: String?
  var problem: Problem?

  init(_ request: PageRequest) {
    // MLflow's own pages call them so; links to them go on working.
    let filter = request.text("filter") ?? request.text("searchFilter")
    let order =
      request.text("order")
      ?? request.text("orderByKey").map { $0 + (request.text("orderByAsc") == "true" ? " ASC" : " DESC") }
    let (group, page) = (request.text("group"), request.text("page"))
    var columns: [RunColumn] = []
    var groupColumn: RunColumn?
    let problems = [
      Self.problem(.columns) { columns = try request.texts("columns").flatMap(RunColumn.list) },
      Self.problem(.filter) { try ExperimentTracker.checkFilter(filter) },
      Self.problem(.order) { if let order { try ExperimentTracker.checkOrder(order) } },
      Self.problem(.group) { groupColumn = try group.map(Self.groupColumn) },
      Self.problem(.page) { _ = try PageToken(page) },
    ]
    self.columns = Self.unique(columns)
    self.groupColumn = groupColumn
    (self.filter, self.order, self.group, pageToken) = (filter, order, group, page)
    onlyDifferences = request.text("differs") != nil
    problem = problems.compactMap(\.self).first
  }

  private static func problem(_ field: Problem.Field, _ read: () throws -> Void) -> Problem? {
    do { try read() } catch {
      return Problem(field: field, error: MartletError(error, doing: "reading the address"))
    }
    return nil
  }

  private static func unique(_ columns: [RunColumn]) -> [RunColumn] {
    var seen: Set<RunColumn> = []
    return columns.filter { seen.insert($0).inserted }
  }

  private static func groupColumn(_ text: String) throws -> RunColumn {
    let column = try RunColumn(written: text)
    guard column.kind == .param || column.kind == .tag else {
      throw MartletError.invalidInput(
        "runs are grouped by a parameter or a tag, not by '\(text.prefix(80))'", fix: "such as params.seed or tags.team"
      )
    }
    return column
  }

  /// The address's part after the question mark, without the page.
  var query: [(String, String?)] {
    [("filter", filter), ("order", order), ("differs", onlyDifferences ? "1" : nil), ("group", group)]
      + columns.map { ("columns", $0.reference) }
  }

  func link(_ path: String, order: String? = nil, page: String? = nil) -> String {
    var changed = self
    if let order { changed.order = order }
    return MartletWeb.link(path, changed.query + [("page", page)])
  }

  /// The same with or without columns in which all runs agree.
  func togglingDifferences(_ path: String) -> String {
    var changed = self
    changed.onlyDifferences.toggle()
    return changed.link(path)
  }

  /// The runs of one group, no longer grouped; nil where the value cannot be written in a filter.
  func narrowed(to value: String?, _ path: String) -> String? {
    guard let reference = groupColumn?.reference else { return nil }
    guard let clause = Self.clause(reference, value) else { return nil }
    var changed = self
    changed.group = nil
    changed.filter = [filter, clause].compactMap(\.self).joined(separator: " AND ")
    return changed.link(path)
  }

  private static func clause(_ reference: String, _ value: String?) -> String? {
    guard let value else { return "\(reference) IS NULL" }
    guard !value.contains("'") || !value.contains("\"") else { return nil }
    let quote = value.contains("'") ? "\"" : "'"
    return "\(reference) = \(quote)\(value)\(quote)"
  }

  /// What a page of this view reads.
  func runQuery(_ experiment: ExperimentID, limit: Int) -> RunQuery {
    RunQuery(
      experiments: [experiment], filter: filter, orderBy: [order].compactMap(\.self), limit: limit,
      pageToken: pageToken)
  }

  /// The columns to read of a page's runs.
  var choosing: @Sendable ([KeyUsage], Int) -> [RunColumn] {
    { [columns, onlyDifferences] usage, runs in
      guard !columns.isEmpty else {
        return RunTable.columns(of: usage, runs: runs, onlyDifferences: onlyDifferences)
      }
      guard onlyDifferences else { return columns }
      let differing = Set(usage.filter { RunTable.differs($0, runs) }.map(\.column))
      return columns.filter { $0.kind == .attribute || differing.contains($0) }
    }
  }
}

/// A table as HTML. Where it is wider than the page it scrolls by itself, also by keyboard.
struct Table {
  struct Column {
    var title: String
    var isNumeric = false
    /// Sorts by this column.
    var link: String?
    /// `ascending` or `descending` when the rows are sorted by it.
    var order: String?

    init(_ title: String, numeric: Bool = false, link: String? = nil, order: String? = nil) {
      self.title = title
      isNumeric = numeric
      self.link = link
      self.order = order
    }

    static func number(_ title: String) -> Column { Column(title, numeric: true) }
  }

  struct Row {
    /// What a link with `#` leads to.
    var id: String?
    var cells: [Cell]
    /// Stands out among the others.
    var isMarked: Bool

    init(_ cells: [Cell], id: String? = nil, marked: Bool = false) {
      self.cells = cells
      self.id = id
      isMarked = marked
    }
  }

  /// What it lists, for people who do not see it.
  var name: String
  var caption: String?
  var columns: [Column]
  var rows: [Row]
  /// What stands there when there are no rows.
  var empty: String

  init(_ name: String, caption: String? = nil, columns: [Column], rows: [Row], empty: String = "None.") {
    self.name = name
    self.caption = caption
    self.columns = columns
    self.rows = rows
    self.empty = empty
  }

  var html: String {
    guard !rows.isEmpty else { return #"<p class="empty">\#(escaped(empty))</p>"# }
    let head = columns.map(headCell).joined()
    let body = rows.map { row in
      let id = row.id.map { #" id="\#(escaped($0))""# } ?? ""
      return "<tr\(id)\(row.isMarked ? #" class="marked""# : "")>" + zip(columns, row.cells).map(bodyCell).joined()
        + "</tr>"
    }
    let title = caption.map { "<caption>\(escaped($0))</caption>" } ?? ""
    return """
      <div class="scroll" tabindex="0" role="group" aria-label="\(escaped(name))"><table>\(title)\
      <thead><tr>\(head)</tr></thead><tbody>\(body.joined(separator: "\n"))</tbody></table></div>
      """
  }

  private func headCell(_ column: Column) -> String {
    // Short headings stay in one line; long ones make way for the numbers below them.
    let styles = [column.isNumeric ? "numeric" : nil, column.title.count <= 10 ? "nowrap" : nil].compactMap(\.self)
    let style = styles.isEmpty ? "" : #" class="\#(styles.joined(separator: " "))""#
    let order = column.order.map { #" aria-sort="\#($0)""# } ?? ""
    let arrow = column.order.map { $0 == "ascending" ? " ▲" : " ▼" } ?? ""
    let title = escaped(column.title) + arrow
    let content = column.link.map { #"<a href="\#(escaped($0))">\#(title)</a>"# } ?? title
    return #"<th scope="col"\#(style)\#(order)>\#(content)</th>"#
  }

  private func bodyCell(_ column: Column, _ cell: Cell) -> String {
    let styles = [column.isNumeric ? "numeric" : nil, cell.wraps ? "wrap" : nil].compactMap(\.self)
    return styles.isEmpty
      ? "<td>\(cell.html)</td>" : #"<td class="\#(styles.joined(separator: " "))">\#(cell.html)</td>"#
  }
}

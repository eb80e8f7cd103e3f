import MartletCore
import MartletStore

/// A run's place in an order by start alone: where the next page goes on, however many pages were before.
struct RunPlace: Hashable {
  var start: Int64
  var id: String
  var ascending: Bool

  /// The direction of an order by start alone; nil for every other order.
  static func direction(_ orders: [OrderClause]) -> Bool? {
    guard let order = orders.first else { return false }
    return orders.count == 1 && order.entity == .attribute && order.key == "start_time" ? order.ascending : nil
  }

  /// The place of a page's last run; nil where the order is not by start alone.
  init?(_ run: RunInfo?, in orders: [OrderClause]) {
    guard let run, let ascending = Self.direction(orders) else { return nil }
    (start, id, self.ascending) = (run.startTime, run.id.text, ascending)
  }

  /// The place in a page's token; nil when it has none, or one of another order.
  init?(_ token: PageToken, in orders: [OrderClause]) {
    guard let place = token.after, place.count == 3, let start = place[0].integer, let id = place[1].string,
      let ascending = place[2].boolean, ascending == Self.direction(orders), !id.utf8.contains(0)
    else { return nil }
    (self.start, self.id, self.ascending) = (start, id, ascending)
  }

  var json: [JSON] { [.integer(start), .string(id), .boolean(ascending)] }

  /// Whether a run `r` stands behind this place. The first comparison is the index's.
  var condition: SQLFragment {
    let (within, beyond) = ascending ? (">=", ">") : ("<=", "<")
    return SQLFragment(
      "r.start_time \(within) ? AND (r.start_time \(beyond) ? OR r.run_id > ?)",
      [.integer(start), .integer(start), .text(id)])
  }
}

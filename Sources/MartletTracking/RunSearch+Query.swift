import MartletCore
import MartletStore

extension RunSearch {
  /// The search for one page, and for one row more, which tells whether there is another.
  ///
  /// - Throws: `.invalidInput` when the filter or the order is not of MLflow's grammar, saying where.
  init(_ query: RunQuery) throws {
    self.init(
      try Self.grammar.parse(query.filter), orders: try Self.grammar.parseOrders(query.orderBy),
      experiments: try query.experiments.map(ExperimentStore.number), view: query.view, limit: query.limit + 1,
      page: try PageToken(query.pageToken))
  }

  func page(of query: RunQuery, in connection: any SQLConnection) throws -> Page<RunStore.Row> {
    let found = try rows(in: connection)
    let rows = Array(found.prefix(query.limit))
    guard found.count > query.limit else { return Page(rows) }
    let next = PageToken(
      offset: try PageToken(query.pageToken).offset + query.limit, after: RunPlace(rows.last?.info, in: orders)?.json)
    return Page(rows, nextToken: next.text)
  }
}

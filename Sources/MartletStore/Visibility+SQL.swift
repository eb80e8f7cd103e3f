package import MartletCore

/// Where a kind of things keeps its tags.
package struct TagTable: Sendable {
  let name: String
  /// The column that names the thing.
  let key: String
  /// Whether ids are whole numbers; else they are text.
  let isNumbered: Bool

  /// - Parameter name: of a table with an index over the project tag, as in the migration `ownership`.
  package init(_ name: String, key: String, isNumbered: Bool = false) {
    self.name = name
    self.key = key
    self.isNumbered = isNumbered
  }
}

extension Visibility {
  /// The condition that a thing may be seen; nil where everything may.
  ///
  /// What may be seen is looked up by project and by id, so that it costs nothing how much may not.
  ///
  /// - Parameter column: of the thing's id: `e.experiment_id`.
  package func condition(on column: String, _ tags: TagTable, in dialect: SQLDialect) -> SQLFragment? {
    let (seen, unseen) = (seen(tags, dialect), Self.ids(hidden, tags, dialect))
    var conditions: [SQLFragment] = []
    if !isWide { conditions.append(SQLFragment("\(column) IN (\(seen.sql))", seen.arguments)) }
    if !hidden.isEmpty { conditions.append(SQLFragment("\(column) NOT IN (\(unseen.sql))", unseen.arguments)) }
    return conditions.isEmpty ? nil : .joined(conditions, by: " AND ")
  }

  /// The ids of what may be seen, one query.
  private func seen(_ tags: TagTable, _ dialect: SQLDialect) -> SQLFragment {
    var parts: [SQLFragment] = []
    if !projects.isEmpty { parts.append(inProjects(tags, dialect)) }
    if !named.isEmpty { parts.append(Self.ids(named, tags, dialect)) }
    if !own.isEmpty { parts.append(ownOnes(tags, dialect)) }
    if parts.isEmpty { return SQLFragment("SELECT \(tags.key) FROM \(tags.name) WHERE 1 = 0") }
    return .joined(parts, by: " UNION ALL ")
  }

  /// The index holds the first 64 characters of the tag. The order of the tables is part of the statement.
  private func inProjects(_ tags: TagTable, _ dialect: SQLDialect) -> SQLFragment {
    let wanted = SQLFragment.texts(projects.map(\.text).sorted(), as: "p", in: dialect)
    return SQLFragment(
      """
      SELECT t.\(tags.key) FROM \(wanted.sql) CROSS JOIN \(tags.name) t
      WHERE t.key = '\(ProjectName.tag)' AND substr(t.value, 1, 64) = p.value AND t.value = p.value
      """, wanted.arguments)
  }

  private func ownOnes(_ tags: TagTable, _ dialect: SQLDialect) -> SQLFragment {
    let ids = Self.ids(own, tags, dialect)
    let projects = SQLFragment.texts(ownProjects.map(\.text).sorted(), as: "p", in: dialect)
    return SQLFragment(
      """
      \(ids.sql) WHERE NOT EXISTS (SELECT 1 FROM \(tags.name) t WHERE t.\(tags.key) = \(Self.id(tags))
        AND t.key = '\(ProjectName.tag)' AND t.value NOT IN (SELECT p.value FROM \(projects.sql)))
      """, ids.arguments + projects.arguments)
  }

  private static func ids(_ ids: Set<String>, _ tags: TagTable, _ dialect: SQLDialect) -> SQLFragment {
    // What is no number, or not written as one, is no numbered thing's id.
    let possible = tags.isNumbered ? ids.filter { Int64($0).map(String.init) == $0 } : ids
    let table = SQLFragment.texts(possible.sorted(), as: "i", in: dialect)
    return SQLFragment("SELECT \(id(tags)) FROM \(table.sql)", table.arguments)
  }

  private static func id(_ tags: TagTable) -> String { tags.isNumbered ? "CAST(i.value AS BIGINT)" : "i.value" }
}

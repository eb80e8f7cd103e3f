import MartletCore

extension SQLFragment {
  /// A table with one column `value` of texts, all in one argument: however many there are, it is one statement.
  ///
  /// - Parameter alias: what the table is called in the statement.
  package static func texts(_ texts: some Collection<String>, as alias: String, in dialect: SQLDialect) -> SQLFragment {
    let argument = SQLValue(JSON.array(texts.map(JSON.string)))
    return dialect == .sqlite
      ? SQLFragment("json_each(?) AS \(alias)", [argument])
      : SQLFragment("jsonb_array_elements_text(CAST(? AS JSONB)) AS \(alias)(value)", [argument])
  }

  /// Whether a column holds one of the texts, however many they are.
  package static func isOneOf(_ column: String, _ texts: some Collection<String>, in dialect: SQLDialect) -> SQLFragment
  {
    let table = self.texts(texts, as: "i", in: dialect)
    return SQLFragment("\(column) IN (SELECT i.value FROM \(table.sql))", table.arguments)
  }

  /// A query for whole numbers, all in one argument.
  package static func numbers(_ numbers: some Collection<Int64>, in dialect: SQLDialect) -> SQLFragment {
    let table = texts(numbers.map(String.init), as: "i", in: dialect)
    return SQLFragment("SELECT CAST(i.value AS BIGINT) FROM \(table.sql)", table.arguments)
  }
}

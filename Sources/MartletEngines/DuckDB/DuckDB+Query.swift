import CMartletEngines
package import MartletCore

extension DuckDB {
  /// Runs the statements (separated by `;`) and returns the rows of the last one.
  ///
  /// Lists, structs, blobs, enums, intervals and the like come as text, decimals and 128-bit integers as
  /// floating-point numbers, dates and timestamps as milliseconds.
  package func query(_ sql: String) throws -> Frame {
    var statement = try prepareLast(of: sql)
    defer { library.destroyPrepared(&statement) }
    let names = columnNames(of: statement)
    if let plain = try castToReadable(statement, sql: sql) {
      library.destroyPrepared(&statement)
      statement = plain
    }
    var result = martlet_duckdb_result()
    defer { library.destroyResult(&result) }
    guard library.executePrepared(statement, &result) == 0 else { throw failure(library.resultError(&result)) }
    return try readAll(&result, names: names)
  }

  /// Runs all statements but the last, and prepares that.
  private func prepareLast(of sql: String) throws -> UnsafeMutableRawPointer? {
    var extracted: UnsafeMutableRawPointer?
    defer { library.destroyExtracted(&extracted) }
    let count = library.extractStatements(connection, sql, &extracted)
    guard count > 0 else {
      let reason = library.extractError(extracted)
      if reason == nil || reason?.pointee == 0 { throw MartletError.invalidInput("there is no SQL statement to run") }
      throw failure(reason)
    }
    for index in 0..<count {
      var statement: UnsafeMutableRawPointer?
      guard library.prepareExtracted(connection, extracted, index, &statement) == 0 else {
        defer { library.destroyPrepared(&statement) }
        throw failure(library.prepareError(statement))
      }
      if index == count - 1 { return statement }
      defer { library.destroyPrepared(&statement) }
      var result = martlet_duckdb_result()
      defer { library.destroyResult(&result) }
      guard library.executePrepared(statement, &result) == 0 else { throw failure(library.resultError(&result)) }
    }
    return nil
  }

  /// The statement with the columns that cannot be read directly cast to text; nil when all can.
  private func castToReadable(_ statement: UnsafeMutableRawPointer?, sql: String) throws -> UnsafeMutableRawPointer? {
    let readable = (0..<library.preparedColumnCount(statement)).map {
      ColumnReader.isReadable(library.preparedColumnType(statement, $0))
    }
    guard readable.contains(false) else { return nil }
    let columns = readable.enumerated().map { $1 ? "#\($0 + 1)" : "CAST(#\($0 + 1) AS VARCHAR)" }
    let inner = SQLText.statements(in: sql).last ?? sql
    var wrapped: UnsafeMutableRawPointer?
    guard library.prepare(connection, "SELECT \(columns.joined(separator: ", ")) FROM (\(inner)\n)", &wrapped) == 0
    else {
      library.destroyPrepared(&wrapped)
      throw MartletError.invalidInput(
        "a column of the result has a type that only a SELECT statement can return",
        fix: "cast it to VARCHAR in the statement")
    }
    return wrapped
  }

  private func columnNames(of statement: UnsafeMutableRawPointer?) -> [String] {
    (0..<library.preparedColumnCount(statement)).map { index in
      guard let name = library.preparedColumnName(statement, index) else { return "column\(index)" }
      defer { library.free(name) }
      return String(cString: name)
    }
  }

  private func readAll(_ result: inout martlet_duckdb_result, names: [String]) throws -> Frame {
    var readers: [ColumnReader] = []
    for index in 0..<library.columnCount(&result) {
      let resultName = library.columnName(&result, index).map { String(cString: $0) } ?? "column\(index)"
      var type = library.columnLogicalType(&result, index)
      defer { library.destroyLogicalType(&type) }
      readers.append(
        try ColumnReader(
          name: names.count > Int(index) ? names[Int(index)] : resultName, type: library.columnType(&result, index),
          logicalType: type, library: library))
    }
    while var chunk = library.fetchChunk(result) as UnsafeMutableRawPointer? {
      defer { withUnsafeMutablePointer(to: &chunk) { destroy($0) } }
      let size = Int(library.chunkSize(chunk))
      if size == 0 { break }
      for index in readers.indices {
        try readers[index].read(library.chunkVector(chunk, UInt64(index)), count: size, library: library)
      }
    }
    return try Frame(readers.map { Frame.Column($0.name, $0.values) })
  }

  private func destroy(_ chunk: UnsafeMutablePointer<UnsafeMutableRawPointer>) {
    var pointer: UnsafeMutableRawPointer? = chunk.pointee
    library.destroyChunk(&pointer)
  }
}

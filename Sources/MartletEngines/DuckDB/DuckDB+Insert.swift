package import MartletCore

extension DuckDB {
  /// Creates a table with the frame's columns and rows.
  package func createTable(_ name: String, from frame: Frame, temporary: Bool = false) throws {
    let columns = frame.columns.map { "\(SQLText.quote($0.name)) \($0.values.sqlType)" }
    try execute(
      "CREATE \(temporary ? "TEMPORARY " : "")TABLE \(SQLText.quote(name)) (\(columns.joined(separator: ", ")))")
    try insert(frame, into: name)
  }

  /// Appends the frame's rows to a table that has as many columns, in the same order; values are cast where the
  /// types differ.
  package func insert(_ frame: Frame, into table: String) throws {
    guard frame.rowCount > 0 else { return }
    var appender: UnsafeMutableRawPointer?
    defer { _ = library.destroyAppender(&appender) }
    guard library.createAppender(connection, nil, table, &appender) == 0 else {
      throw failure(library.appenderError(appender))
    }
    var types = frame.columns.map { library.createLogicalType($0.values.duckDBType.rawValue) }
    defer { for index in types.indices { library.destroyLogicalType(&types[index]) } }
    var chunk = library.createChunk(&types, UInt64(types.count))
    defer { library.destroyChunk(&chunk) }

    let step = Int(library.vectorSize())
    for start in stride(from: 0, to: frame.rowCount, by: step) {
      let rows = start..<min(start + step, frame.rowCount)
      library.resetChunk(chunk)
      for (index, column) in frame.columns.enumerated() {
        VectorWriter(library.chunkVector(chunk, UInt64(index)), library).write(column.values, rows: rows)
      }
      library.setChunkSize(chunk, UInt64(rows.count))
      guard library.appendChunk(appender, chunk) == 0 else { throw failure(library.appenderError(appender)) }
    }
    guard library.closeAppender(appender) == 0 else { throw failure(library.appenderError(appender)) }
  }
}

extension Frame.Values {
  /// The DuckDB type that holds the column.
  package var sqlType: String {
    switch self {
    case .double: "DOUBLE"
    case .integer: "BIGINT"
    case .boolean: "BOOLEAN"
    case .text: "VARCHAR"
    case .time: "TIMESTAMP"
    }
  }

  fileprivate var duckDBType: DuckDBType {
    switch self {
    case .double: .double
    case .integer: .bigint
    case .boolean: .boolean
    case .text: .varchar
    case .time: .timestamp
    }
  }
}

/// Fills one vector of a chunk from a frame's column; missing values (NaN too) become NULL.
private struct VectorWriter {
  private let vector: UnsafeMutableRawPointer?
  private let library: DuckDBLibrary

  init(_ vector: UnsafeMutableRawPointer?, _ library: DuckDBLibrary) {
    self.vector = vector
    self.library = library
  }

  func write(_ values: Frame.Values, rows: Range<Int>) {
    switch values {
    case .double(let all): store(rows) { all[$0].isNaN ? nil : all[$0] }
    case .integer(let all): store(rows) { all[$0] }
    case .boolean(let all): store(rows) { all[$0].map { $0 ? UInt8(1) : 0 } }
    case .time(let all): store(rows) { all[$0].map { $0 &* 1000 } }
    case .text(let all): store(all, rows)
    }
  }

  private func store<Stored>(_ rows: Range<Int>, _ value: (Int) -> Stored?) {
    guard let data = library.vectorData(vector)?.assumingMemoryBound(to: Stored.self) else { return }
    var missing = Missing(vector, library)
    for row in rows {
      if let value = value(row) { data[row - rows.lowerBound] = value } else { missing.mark(row - rows.lowerBound) }
    }
  }

  private func store(_ all: [String?], _ rows: Range<Int>) {
    var missing = Missing(vector, library)
    for row in rows {
      let at = row - rows.lowerBound
      guard var text = all[row] else {
        missing.mark(at)
        continue
      }
      text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          library.assignText(vector, UInt64(at), $0.baseAddress, UInt64(bytes.count))
        }
      }
    }
  }

  /// The vector's validity mask, made only when a value is missing.
  private struct Missing {
    private let vector: UnsafeMutableRawPointer?
    private let library: DuckDBLibrary
    private var mask: UnsafeMutablePointer<UInt64>?

    init(_ vector: UnsafeMutableRawPointer?, _ library: DuckDBLibrary) {
      self.vector = vector
      self.library = library
    }

    mutating func mark(_ row: Int) {
      if mask == nil {
        library.makeValidityWritable(vector)
        mask = library.vectorValidity(vector)
      }
      mask?[row >> 6] &= ~(1 << UInt64(row & 63))
    }
  }
}

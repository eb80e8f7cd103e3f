import CMartletEngines
import MartletCore

/// Collects one result column, chunk by chunk, as a frame's values.
struct ColumnReader {
  let name: String
  private(set) var values: Frame.Values
  private let convert: Convert

  /// How one stored value becomes a frame's value.
  private enum Convert {
    case boolean
    case int8, int16, int32, int64, uint8, uint16, uint32, uint64
    case float, double, hugeint, uhugeint
    case decimal(storedAs: DuckDBType, scale: Double)
    case text
    case days, seconds, milliseconds, microseconds, nanoseconds
  }

  /// Whether a column of this type can be read without a cast.
  static func isReadable(_ type: Int32) -> Bool { DuckDBType(rawValue: type) != nil }

  init(name: String, type: Int32, logicalType: UnsafeMutableRawPointer?, library: DuckDBLibrary) throws {
    self.name = name
    switch DuckDBType(rawValue: type) {
    case .boolean: (values, convert) = (.boolean([]), .boolean)
    case .tinyint: (values, convert) = (.integer([]), .int8)
    case .smallint: (values, convert) = (.integer([]), .int16)
    case .integer: (values, convert) = (.integer([]), .int32)
    case .bigint: (values, convert) = (.integer([]), .int64)
    case .utinyint: (values, convert) = (.integer([]), .uint8)
    case .usmallint: (values, convert) = (.integer([]), .uint16)
    case .uinteger: (values, convert) = (.integer([]), .uint32)
    case .ubigint: (values, convert) = (.integer([]), .uint64)
    case .float: (values, convert) = (.double([]), .float)
    case .double: (values, convert) = (.double([]), .double)
    case .hugeint: (values, convert) = (.double([]), .hugeint)
    case .uhugeint: (values, convert) = (.double([]), .uhugeint)
    case .decimal:
      guard let stored = DuckDBType(rawValue: library.decimalInternalType(logicalType)) else {
        throw MartletError(.internalError, "column '\(name)' is a decimal of unknown width")
      }
      let scale = (0..<library.decimalScale(logicalType)).reduce(1.0) { value, _ in value * 10 }
      (values, convert) = (.double([]), .decimal(storedAs: stored, scale: scale))
    case .varchar: (values, convert) = (.text([]), .text)
    case .date: (values, convert) = (.time([]), .days)
    case .timestampSeconds: (values, convert) = (.time([]), .seconds)
    case .timestampMilliseconds: (values, convert) = (.time([]), .milliseconds)
    case .timestamp, .timestampZone: (values, convert) = (.time([]), .microseconds)
    case .timestampNanoseconds: (values, convert) = (.time([]), .nanoseconds)
    case nil:
      throw MartletError(
        .invalidInput, "column '\(name)' has a type that cannot be read", fix: "cast it to VARCHAR in the statement")
    }
  }

  /// Appends the values of one vector.
  mutating func read(_ vector: UnsafeMutableRawPointer?, count: Int, library: DuckDBLibrary) throws {
    guard let data = library.vectorData(vector) else { return }
    let chunk = Chunk(data: data, validity: library.vectorValidity(vector), count: count)
    switch convert {
    case .boolean: append(booleans: chunk)
    case .int8: append(chunk, of: Int8.self)
    case .int16: append(chunk, of: Int16.self)
    case .int32: append(chunk, of: Int32.self)
    case .int64: append(chunk, of: Int64.self)
    case .uint8: append(chunk, of: UInt8.self)
    case .uint16: append(chunk, of: UInt16.self)
    case .uint32: append(chunk, of: UInt32.self)
    case .uint64: try append(unsigned: chunk)
    case .float: append(chunk, of: Float.self) { Double($0) }
    case .double: append(chunk, of: Double.self) { $0 }
    case .hugeint: append(chunk, of: martlet_duckdb_hugeint.self, Self.number)
    case .uhugeint:
      append(chunk, of: martlet_duckdb_hugeint.self) {
        Double(UInt64(bitPattern: $0.upper)) * 0x1p64 + Double($0.lower)
      }
    case .decimal(.smallint, let scale): append(chunk, of: Int16.self) { Double($0) / scale }
    case .decimal(.integer, let scale): append(chunk, of: Int32.self) { Double($0) / scale }
    case .decimal(.bigint, let scale): append(chunk, of: Int64.self) { Double($0) / scale }
    case .decimal(_, let scale): append(chunk, of: martlet_duckdb_hugeint.self) { Self.number($0) / scale }
    case .text: append(texts: chunk)
    case .days:
      append(times: chunk, of: Int32.self) { abs($0) == .max ? nil : Int64($0) * Timestamp.millisecondsPerDay }
    case .seconds:
      append(times: chunk, of: Int64.self) {
        abs($0) == .max ? nil : $0.multipliedReportingOverflow(by: 1000).partialValue
      }
    case .milliseconds: append(times: chunk, of: Int64.self) { abs($0) == .max ? nil : $0 }
    case .microseconds: append(times: chunk, of: Int64.self) { abs($0) == .max ? nil : $0.floored(by: 1000) }
    case .nanoseconds: append(times: chunk, of: Int64.self) { abs($0) == .max ? nil : $0.floored(by: 1_000_000) }
    }
  }

  private static func number(_ value: martlet_duckdb_hugeint) -> Double {
    Double(value.upper) * 0x1p64 + Double(value.lower)
  }

  private mutating func append<Stored: FixedWidthInteger>(_ chunk: Chunk, of type: Stored.Type) {
    guard case .integer(var all) = values else { return }
    values = .integer([])
    chunk.forEach(of: type) { all.append($0.map { Int64(truncatingIfNeeded: $0) }) }
    values = .integer(all)
  }

  private mutating func append(unsigned chunk: Chunk) throws {
    guard case .integer(var all) = values else { return }
    values = .integer([])
    var tooLarge = false
    chunk.forEach(of: UInt64.self) { value in
      if let value, value > UInt64(Int64.max) { tooLarge = true }
      all.append(value.map { Int64(truncatingIfNeeded: $0) })
    }
    values = .integer(all)
    if tooLarge {
      throw MartletError.invalidInput(
        "column '\(name)' holds unsigned integers above \(Int64.max)",
        fix: "cast it to DOUBLE or VARCHAR in the statement")
    }
  }

  private mutating func append<Stored>(_ chunk: Chunk, of type: Stored.Type, _ number: (Stored) -> Double) {
    guard case .double(var all) = values else { return }
    values = .double([])
    chunk.forEach(of: type) { all.append($0.map(number) ?? .nan) }
    values = .double(all)
  }

  private mutating func append(booleans chunk: Chunk) {
    guard case .boolean(var all) = values else { return }
    values = .boolean([])
    chunk.forEach(of: UInt8.self) { all.append($0.map { $0 != 0 }) }
    values = .boolean(all)
  }

  private mutating func append<Stored>(times chunk: Chunk, of type: Stored.Type, _ milliseconds: (Stored) -> Int64?) {
    guard case .time(var all) = values else { return }
    values = .time([])
    chunk.forEach(of: type) { all.append($0.flatMap(milliseconds)) }
    values = .time(all)
  }

  private mutating func append(texts chunk: Chunk) {
    guard case .text(var all) = values else { return }
    values = .text([])
    chunk.forEachText { all.append($0) }
    values = .text(all)
  }
}

extension Int64 {
  /// Divides, rounding toward minus infinity.
  fileprivate func floored(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}

/// The outcome of one statement; frees it when the last reader is gone.
final class PostgresResult {
  private let library: PostgresLibrary
  private let handle: OpaquePointer?

  init(_ handle: OpaquePointer?, of library: PostgresLibrary) {
    self.library = library
    self.handle = handle
  }

  deinit { library.clear(handle) }

  var hasSucceeded: Bool { PostgresStatus.succeeded.contains(library.resultStatus(handle)) }

  /// How many rows the statement changed.
  var changedRows: Int { library.changedRows(handle).flatMap { Int(String(cString: $0)) } ?? 0 }

  var rowCount: Int32 { library.rowCount(handle) }

  /// One part of an error's report, by its letter (PostgreSQL manual, section 55.8).
  func errorField(_ letter: Unicode.Scalar) -> String? {
    library.resultErrorField(handle, Int32(letter.value)).map { String(cString: $0) }
  }

  /// Text or number by the column's type; a boolean is 0 or 1, an exact decimal is whole where it fits.
  func value(row: Int32, column: Int32) -> SQLValue {
    guard column < library.columnCount(handle), library.isNull(handle, row, column) == 0,
      let start = library.value(handle, row, column)
    else { return .null }
    let count = Int(library.length(handle, row, column))
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    switch library.columnType(handle, column) {
    case PostgresType.bigint, PostgresType.integer, PostgresType.smallint, PostgresType.oid:
      return Int64(text(bytes)).map(SQLValue.integer) ?? .null
    case PostgresType.double, PostgresType.real: return Double(text(bytes)).map(SQLValue.real) ?? .null
    case PostgresType.numeric: return number(text(bytes))
    case PostgresType.boolean: return .integer(bytes.first == UInt8(ascii: "t") ? 1 : 0)
    case PostgresType.bytea: return .blob(Self.bytes(fromHex: bytes.dropFirst(2)))
    default: return .text(text(bytes))
    }
  }

  private func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

  private func number(_ text: String) -> SQLValue {
    if let whole = Int64(text) { return .integer(whole) }
    return Double(text).map(SQLValue.real) ?? .text(text)
  }

  private static func bytes(fromHex digits: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
    func value(_ digit: UInt8) -> UInt8 { digit <= UInt8(ascii: "9") ? digit - 48 : digit - 87 }
    return stride(from: digits.startIndex, to: digits.endIndex - 1, by: 2).map {
      value(digits[$0]) << 4 | value(digits[$0 + 1])
    }
  }
}

/// Object ids of PostgreSQL's built-in types (`pg_type.dat`).
enum PostgresType {
  static let boolean: Oid = 16
  static let bytea: Oid = 17
  static let bigint: Oid = 20
  static let smallint: Oid = 21
  static let integer: Oid = 23
  static let oid: Oid = 26
  static let real: Oid = 700
  static let double: Oid = 701
  static let numeric: Oid = 1700
  /// The server finds the type from the context.
  static let inferred: Oid = 0
}

/// The column types of DuckDB's C interface that can be read directly; all others are cast to text.
enum DuckDBType: Int32 {
  case boolean = 1
  case tinyint = 2
  case smallint = 3
  case integer = 4
  case bigint = 5
  case utinyint = 6
  case usmallint = 7
  case uinteger = 8
  case ubigint = 9
  case float = 10
  case double = 11
  /// Microseconds.
  case timestamp = 12
  case date = 13
  case hugeint = 16
  case varchar = 17
  case decimal = 19
  case timestampSeconds = 20
  case timestampMilliseconds = 21
  case timestampNanoseconds = 22
  /// Microseconds, with a time zone only for display.
  case timestampZone = 31
  case uhugeint = 32
}

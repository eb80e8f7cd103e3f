import Foundation
import MartletCore

/// MariaDB's client library, which talks to MySQL too, opened when the first connection is made. The declarations are
/// those of its `mysql.h`, which has kept them since version 3.0.
struct MySQLLibrary: @unchecked Sendable {
  typealias Handle = OpaquePointer?
  typealias Text = UnsafePointer<CChar>?
  /// One text for each column, nil for NULL.
  typealias Row = UnsafePointer<UnsafePointer<CChar>?>?

  let initialize: @convention(c) (Handle) -> Handle
  let setOption: @convention(c) (Handle, UInt32, UnsafeRawPointer?) -> Int32
  let connect: @convention(c) (Handle, Text, Text, Text, Text, UInt32, Text, UInt) -> Handle
  let close: @convention(c) (Handle) -> Void
  let errorNumber: @convention(c) (Handle) -> UInt32
  let errorMessage: @convention(c) (Handle) -> Text

  let query: @convention(c) (Handle, Text, UInt) -> Int32
  /// Begins to read an answer row by row, as it comes.
  let useResult: @convention(c) (Handle) -> Handle
  let columnCount: @convention(c) (Handle) -> UInt32
  let column: @convention(c) (Handle, UInt32) -> UnsafeRawPointer?
  let fetchRow: @convention(c) (Handle) -> Row
  let fetchLengths: @convention(c) (Handle) -> UnsafePointer<UInt>?
  let freeResult: @convention(c) (Handle) -> Void
  /// Ends the connection at once, also in the middle of an answer.
  let cancel: @convention(c) (Handle) -> Int32

  /// The library of this process, or why there is none.
  static func loaded() throws -> MySQLLibrary { try found.get() }

  private static let found = Result { try MySQLLibrary(path: "libmariadb.so.3") }

  /// It stays open until the process ends.
  init(path: String) throws {
    guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw MartletError(
        .unavailable, "MariaDB's client library, which reads MySQL databases, could not be loaded",
        cause: dlerror().map { String(cString: $0) } ?? "there is no \(path)", fix: "apt-get install libmariadb3")
    }
    func function<Function>(_ name: String) throws -> Function {
      guard let address = dlsym(library, name) else {
        throw MartletError(
          .unavailable, "MariaDB's client library \(path) has no function '\(name)'",
          fix: "install MariaDB Connector/C 3.0 or newer")
      }
      return unsafeBitCast(address, to: Function.self)
    }
    initialize = try function("mysql_init")
    setOption = try function("mysql_options")
    connect = try function("mysql_real_connect")
    close = try function("mysql_close")
    errorNumber = try function("mysql_errno")
    errorMessage = try function("mysql_error")
    query = try function("mysql_real_query")
    useResult = try function("mysql_use_result")
    columnCount = try function("mysql_num_fields")
    column = try function("mysql_fetch_field_direct")
    fetchRow = try function("mysql_fetch_row")
    fetchLengths = try function("mysql_fetch_lengths")
    freeResult = try function("mysql_free_result")
    cancel = try function("mariadb_cancel")
  }
}

/// The values of `enum mysql_option` that mean something here.
enum MySQLOption {
  static let connectTimeout: UInt32 = 0
  static let charset: UInt32 = 7
  static let localFiles: UInt32 = 8
  static let network: UInt32 = 9
  static let verifyServer: UInt32 = 21
  static let key: UInt32 = 25
  static let certificate: UInt32 = 26
  static let authority: UInt32 = 27
  static let enforceTLS: UInt32 = 38
}

/// What a column holds, by `enum enum_field_types`.
enum MySQLType {
  case integer
  case real
  case decimal
  case text

  /// - Parameter column: a `MYSQL_FIELD`, whose type is its last number.
  init(of column: UnsafeRawPointer) {
    switch column.load(fromByteOffset: 112, as: UInt32.self) {
    case 1, 2, 3, 8, 9: self = .integer
    case 4, 5: self = .real
    case 0, 246: self = .decimal
    default: self = .text
    }
  }

  func value(_ text: String) -> SQLValue {
    switch self {
    case .integer: Int64(text).map(SQLValue.integer) ?? .text(text)
    case .real: Double(text).map(SQLValue.real) ?? .text(text)
    case .decimal: Int64(text).map(SQLValue.integer) ?? Double(text).map(SQLValue.real) ?? .text(text)
    case .text: .text(text)
    }
  }
}

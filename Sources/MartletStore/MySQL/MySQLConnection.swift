import MartletCore

/// One connection to a MySQL or MariaDB server, for reading; used by one thread at a time.
///
/// Statements go as text with their arguments in it, each in a form in which nothing can be mistaken for SQL. Rows are
/// read as they come, so an answer of any length takes little memory.
final class MySQLConnection: TimedConnection {
  let dialect = SQLDialect.mysql
  var deadline: Deadline?
  private let library: MySQLLibrary
  private let handle: OpaquePointer

  /// The server gave no more answers: numbers from 2000 on are the client library's own.
  private(set) var isLost = false

  init(_ address: MySQLAddress) throws {
    library = try MySQLLibrary.loaded()
    handle = try MySQLLogin.connect(address, with: library)
    // Names in double quotes as in the other databases, and patience with a reader that is busy elsewhere.
    try control("SET SESSION sql_mode = 'ANSI_QUOTES', net_write_timeout = 86400")
    try control("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
  }

  deinit { library.close(handle) }

  func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int {
    throw MartletError(.internalError, "MySQL databases are only read")
  }

  /// Until it ends, nothing else may be asked of the connection. When `body` wants no more, the rest is passed over; when
  /// it throws, the connection ends with it, rather than that all the rest is read for nothing.
  func forEachRow(_ sql: String, _ arguments: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
    try control(try MySQLText.statement(sql, arguments))
    guard let result = library.useResult(handle) else { throw failure() }
    defer { library.freeResult(result) }
    do { try read(result, body) } catch {
      _ = library.cancel(handle)
      isLost = true
      throw error
    }
  }

  private func read(_ result: OpaquePointer, _ body: (SQLRow) throws -> Bool) throws {
    let types = try (0..<library.columnCount(result)).map { position in
      guard let column = library.column(result, position) else { throw failure() }
      return MySQLType(of: column)
    }
    while let row = library.fetchRow(result) {
      try deadline?.check()
      guard let lengths = library.fetchLengths(result) else { throw failure() }
      let values = SQLRow { position in
        guard position < types.count, let start = row[position] else { return .null }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(lengths[position]))
        return types[position].value(String(decoding: bytes, as: UTF8.self))
      }
      if try !body(values) { return }
    }
    if library.errorNumber(handle) != 0 { throw failure() }
  }

  /// Runs a statement without an answer, or one whose answer is read next.
  func control(_ sql: String) throws {
    let failed = sql.utf8CString.withUnsafeBufferPointer { text in
      library.query(handle, text.baseAddress, UInt(text.count - 1)) != 0
    }
    if failed { throw failure() }
  }

  private func failure() -> MartletError {
    let number = library.errorNumber(handle)
    let message = library.errorMessage(handle).map { String(cString: $0) } ?? ""
    isLost = isLost || number >= 2000 && number < 3000
    if isLost {
      return MartletError(
        .unavailable, "the connection to MySQL was lost", cause: message,
        fix: "check that the server runs and is reachable, then run the command again: it goes on where it was")
    }
    if [1044, 1142, 1143].contains(number) {
      return MartletError(
        .permissionDenied, "MySQL refused access", cause: message, fix: "grant the user SELECT on the database")
    }
    return MartletError(.internalError, "an SQL statement failed", cause: "\(message) (\(number))")
  }
}

/// Connecting, with what every connection starts with.
private enum MySQLLogin {
  /// Blocks for at most about ten seconds.
  static func connect(_ address: MySQLAddress, with library: MySQLLibrary) throws -> OpaquePointer {
    guard let handle = library.initialize(nil) else {
      throw MartletError(.unavailable, "there is no memory for a connection to MySQL")
    }
    setOptions(of: handle, address, library)
    // Without a socket "localhost" means the network too, as for other clients of these URLs.
    let connected = library.connect(
      handle, address.socket == nil ? address.host : nil, address.user, address.password, address.database,
      UInt32(address.port), address.socket, 0)
    guard connected == nil else { return handle }
    let cause = library.errorMessage(handle).map { String(cString: $0) }
    library.close(handle)
    throw MartletError(
      .unavailable, "MySQL could not be reached", cause: cause,
      fix: "correct the address, user, password (or MYSQL_PWD) or database name of the URL")
  }

  private static func setOptions(of handle: OpaquePointer, _ address: MySQLAddress, _ library: MySQLLibrary) {
    func set(_ option: UInt32, _ number: UInt32) {
      withUnsafePointer(to: number) { _ = library.setOption(handle, option, $0) }
    }
    func set(_ option: UInt32, _ text: String) { text.withCString { _ = library.setOption(handle, option, $0) } }
    set(MySQLOption.connectTimeout, 10)
    set(MySQLOption.charset, "utf8mb4")
    // A server may otherwise ask its client for files.
    set(MySQLOption.localFiles, 0)
    if address.socket == nil { set(MySQLOption.network, 1) }
    if let certificate = address.certificate { set(MySQLOption.certificate, certificate) }
    if let key = address.key { set(MySQLOption.key, key) }
    if let authority = address.authority {
      set(MySQLOption.authority, authority)
      set(MySQLOption.verifyServer, 1)
      set(MySQLOption.enforceTLS, 1)
    } else if address.certificate != nil {
      set(MySQLOption.enforceTLS, 1)
    }
  }
}

/// Statements with their arguments written into them.
enum MySQLText {
  static func statement(_ sql: String, _ arguments: [SQLValue]) throws -> String {
    var rest = arguments[...]
    let filled = try SQLTokens(sql).map { token in
      guard token.kind == .argument else { return String(token.text) }
      guard let argument = rest.popFirst() else { throw mismatch(sql) }
      return literal(argument)
    }.joined()
    guard rest.isEmpty else { throw mismatch(sql) }
    return filled
  }

  /// Texts and bytes in hexadecimal digits: whatever they hold, and whatever the server's mode, they end nowhere early.
  static func literal(_ value: SQLValue) -> String {
    switch value {
    case .null: "NULL"
    case .integer(let number): String(number)
    case .real(let number): number.description
    case .text(let text): "_utf8mb4 X'\(digits(text.utf8))'"
    case .blob(let bytes): "X'\(digits(bytes))'"
    }
  }

  private static func digits(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }

  private static func mismatch(_ sql: String) -> MartletError {
    MartletError(.internalError, "an SQL statement has other arguments than places for them", cause: sql)
  }
}

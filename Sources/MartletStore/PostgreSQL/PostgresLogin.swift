import MartletCore

/// Connecting, and what every session starts with.
enum PostgresLogin {
  /// Blocks for at most about five seconds per address.
  static func connect(_ url: String, with library: PostgresLibrary) throws -> OpaquePointer {
    let parameters = [
      ("dbname", url), ("connect_timeout", "5"), ("client_encoding", "UTF8"), ("tcp_user_timeout", "15000"),
      ("fallback_application_name", "martlet"),
    ]
    let handle = withCStrings(parameters.map(\.0)) { names in
      withCStrings(parameters.map(\.1)) { values in library.connect(names, values, 1) }
    }
    guard let handle else { throw cannotConnect("there is no memory for a connection") }
    guard library.status(handle) == PostgresStatus.connectionOK else {
      let cause = library.errorMessage(handle).map { PostgresFailure.trimmed(String(cString: $0)) }
      library.finish(handle)
      throw cannotConnect(cause ?? "")
    }
    _ = library.setNoticeProcessor(handle, { _, _ in }, nil)
    return handle
  }

  /// Bytes as hexadecimal text, and commits that wait for the disk whatever the server's default is.
  static func setUp(_ connection: PostgresConnection) throws {
    try connection.control("SET bytea_output = 'hex'")
    try connection.control(
      """
      SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
      """)
  }

  private static func cannotConnect(_ cause: String) -> MartletError {
    MartletError(
      .unavailable, "PostgreSQL could not be reached", cause: cause,
      fix: "start PostgreSQL, or correct the address, user, password or database name of the store's URL")
  }

  /// A NULL-terminated array of C strings, valid inside `body`.
  private static func withCStrings<Result>(
    _ texts: [String], _ body: ([UnsafePointer<CChar>?]) -> Result
  ) -> Result {
    let bytes = texts.map { Array($0.utf8CString) }
    let joined = bytes.flatMap(\.self)
    return joined.withUnsafeBufferPointer { memory in
      var offset = 0
      let pointers = bytes.map { text -> UnsafePointer<CChar>? in
        defer { offset += text.count }
        return memory.baseAddress?.advanced(by: offset)
      }
      return body(pointers + [nil])
    }
  }
}

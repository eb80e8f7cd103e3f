/// Arguments in the shape libpq wants.
enum PostgresArgument {
  static func type(_ value: SQLValue) -> Oid {
    switch value {
    case .integer: PostgresType.bigint
    case .real: PostgresType.double
    case .blob: PostgresType.bytea
    case .text, .null: PostgresType.inferred
    }
  }

  /// Calls `body` with one pointer, length and format (0 text, 1 binary) for each argument; valid only inside it.
  static func withPointers<Result>(
    to arguments: [SQLValue], _ body: ([UnsafePointer<CChar>?], [Int32], [Int32]) throws -> Result
  ) rethrows -> Result {
    let encoded = arguments.map(bytes)
    // All arguments one after the other, each closed by a zero, so that one pointer serves them all.
    let buffer = Array(encoded.map { ($0 ?? []) + [0] }.joined())
    return try buffer.withUnsafeBytes { memory in
      var offset = 0
      let values = encoded.map { bytes -> UnsafePointer<CChar>? in
        defer { offset += (bytes?.count ?? 0) + 1 }
        guard bytes != nil else { return nil }
        return memory.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self)
      }
      return try body(values, encoded.map { Int32($0?.count ?? 0) }, arguments.map(format))
    }
  }

  private static func format(_ value: SQLValue) -> Int32 { if case .blob = value { 1 } else { 0 } }

  private static func bytes(_ value: SQLValue) -> [UInt8]? {
    switch value {
    case .null: nil
    case .integer(let number): Array(String(number).utf8)
    case .real(let number): Array(number.description.utf8)
    case .text(let text): Array(text.utf8)
    case .blob(let bytes): bytes
    }
  }
}

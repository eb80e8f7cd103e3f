package import MartletCore

/// One row of a result, read by column position (0-based). It is valid only inside the body it was given to.
package struct SQLRow {
  private let value: (Int) -> SQLValue

  package init(_ value: @escaping (Int) -> SQLValue) { self.value = value }

  package subscript(position: Int) -> SQLValue { value(position) }

  package func integer(_ position: Int) throws -> Int64 { try optionalInteger(position) ?? missing(position) }
  package func int(_ position: Int) throws -> Int { Int(try integer(position)) }
  package func real(_ position: Int) throws -> Double { try optionalReal(position) ?? missing(position) }
  package func text(_ position: Int) throws -> String { try optionalText(position) ?? missing(position) }
  package func boolean(_ position: Int) throws -> Bool { try integer(position) != 0 }
  package func time(_ position: Int) throws -> Timestamp { Timestamp(milliseconds: try integer(position)) }
  package func json(_ position: Int) throws -> JSON { try JSON.parse(try text(position)) }
  package func identifier<Kind>(_ position: Int) throws -> Identifier<Kind> { Identifier(try text(position)) }

  package func optionalInteger(_ position: Int) throws -> Int64? {
    switch value(position) {
    case .null: nil
    case .integer(let number): number
    default: try wrongType(position, "a whole number")
    }
  }

  package func optionalReal(_ position: Int) throws -> Double? {
    switch value(position) {
    case .null: nil
    case .real(let number): number
    case .integer(let number): Double(number)
    default: try wrongType(position, "a number")
    }
  }

  package func optionalText(_ position: Int) throws -> String? {
    switch value(position) {
    case .null: nil
    case .text(let text): text
    default: try wrongType(position, "text")
    }
  }

  package func blob(_ position: Int) throws -> [UInt8] {
    guard case .blob(let bytes) = value(position) else { return try wrongType(position, "bytes") }
    return bytes
  }

  package func optionalTime(_ position: Int) throws -> Timestamp? {
    try optionalInteger(position).map(Timestamp.init(milliseconds:))
  }

  private func missing<Value>(_ position: Int) throws -> Value {
    throw MartletError(.internalError, "column \(position) of a stored row is empty where a value is needed")
  }

  private func wrongType<Value>(_ position: Int, _ expected: String) throws -> Value {
    throw MartletError(.internalError, "column \(position) of a stored row is not \(expected)")
  }
}

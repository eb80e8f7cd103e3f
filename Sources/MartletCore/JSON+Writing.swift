package import Foundation

extension JSON {
  /// The value on one line, keys sorted, so that equal values give equal bytes (the ledger's canonical form).
  ///
  /// Infinity and NaN, which JSON cannot write, come out as the strings `"Infinity"`, `"-Infinity"` and `"NaN"`.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package var bytes: [UInt8] {
    var output: [UInt8] = []
    write(into: &output)
    return output
  }

  package func write(into output: inout [UInt8]) {
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .boolean(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): output.append(contentsOf: String(value).utf8)
    case .double(let value): Self.write(value, into: &output)
    case .string(let value): Self.write(value, into: &output)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        element.write(into: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (index, (key, member)) in members.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        Self.write(key, into: &output)
        output.append(UInt8(ascii: ":"))
        member.write(into: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  /// The shortest decimal that reads back as the same number.
  package static func write(_ value: Double, into output: inout [UInt8]) {
    if value.isFinite {
      output.append(contentsOf: value.description.utf8)
    } else {
      output.append(contentsOf: (value.isNaN ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"").utf8)
    }
  }

  package static func write(_ text: String, into output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { bytes in
      if bytes.allSatisfy(isPlain) {
        output.append(contentsOf: bytes)
      } else {
        for byte in bytes { writeEscaped(byte, into: &output) }
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private static func writeEscaped(_ byte: UInt8, into output: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      output.append(UInt8(ascii: "\\"))
      output.append(byte)
    case 0x0A: output.append(contentsOf: "\\n".utf8)
    case 0x0D: output.append(contentsOf: "\\r".utf8)
    case 0x09: output.append(contentsOf: "\\t".utf8)
    case 0..<0x20:
      output.append(contentsOf: "\\u00".utf8)
      output.append(contentsOf: (byte < 16 ? "0" : "").utf8)
      output.append(contentsOf: String(byte, radix: 16).utf8)
    default: output.append(byte)
    }
  }

  /// Any encodable value as JSON.
  package init(encoding value: some Encodable) throws { try self.init(encoding: value, keys: .useDefaultKeys) }

  /// Any encodable value as the native API writes it: members are `snake_case`. The keys of dictionaries are data, and
  /// stay as they are.
  package init(snakeCase value: some Encodable) throws { try self.init(encoding: value, keys: .convertToSnakeCase) }

  private init(encoding value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy) throws {
    self = try JSON.parse(try Self.encode(value, keys: keys))
  }

  /// The text of `init(snakeCase:)` without the value in between, for large ones; members are in no order.
  package static func encode(snakeCase value: some Encodable) throws -> Data {
    try encode(value, keys: .convertToSnakeCase)
  }

  private static func encode(_ value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = keys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return try encoder.encode(value)
  }

  /// Reads the value as a `Decodable` type; the error names the path of the member that does not fit.
  package func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    try decode(type, keys: .useDefaultKeys)
  }

  /// As `decode`, from what `init(snakeCase:)` wrote. No member's name may hold two capitals in a row.
  package func decode<Value: Decodable>(snakeCase type: Value.Type) throws -> Value {
    try decode(type, keys: .convertFromSnakeCase)
  }

  private func decode<Value: Decodable>(_ type: Value.Type, keys: JSONDecoder.KeyDecodingStrategy) throws -> Value {
    try Self.decode(type, from: Data(bytes), keys: keys)
  }

  /// As `decode(snakeCase:)`, from a text and without the value in between, for large ones.
  package static func decode<Value: Decodable>(snakeCase type: Value.Type, from text: Data) throws -> Value {
    try decode(type, from: text, keys: .convertFromSnakeCase)
  }

  private static func decode<Value: Decodable>(
    _ type: Value.Type, from text: Data, keys: JSONDecoder.KeyDecodingStrategy
  ) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = keys
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    do {
      return try decoder.decode(type, from: text)
    } catch let error as DecodingError {
      throw MartletError.invalidInput(explain(error))
    }
  }

  private static func explain(_ error: DecodingError) -> String {
    func path(_ context: DecodingError.Context) -> String {
      let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
      return keys.isEmpty ? "the body" : "'\(keys.drop { $0 == "." })'"
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(path(context)) lacks the member '\(key.stringValue)'"
    case .typeMismatch(let type, let context): return "\(path(context)) is not of the expected type \(type)"
    case .valueNotFound(let type, let context): return "\(path(context)) is null where \(type) is expected"
    case .dataCorrupted(let context):
      return (context.underlyingError as? MartletError)?.message ?? "\(path(context)): \(context.debugDescription)"
    @unknown default: return "the body does not have the expected shape"
    }
  }
}

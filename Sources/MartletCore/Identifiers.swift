/// A name for one thing of one kind: a `RunID` is not accepted where a `ModelName` is wanted.
package struct Identifier<Kind>: Sendable, Hashable, Comparable, Codable, CustomStringConvertible,
  ExpressibleByStringLiteral
{
  package let text: String

  package init(_ text: String) { self.text = text }
  package init(stringLiteral text: String) { self.text = text }
  package var description: String { text }
  package static func < (a: Self, b: Self) -> Bool { a.text < b.text }

  package init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  /// 32 lower-case hexadecimal digits from 128 random bits, as MLflow's run ids are.
  package static func random() -> Self {
    var generator = SystemRandomNumberGenerator()
    return random(using: &generator)
  }

  package static func random(using generator: inout some RandomNumberGenerator) -> Self {
    let (high, low) = (generator.next() as UInt64, generator.next() as UInt64)
    return Self(
      String(unsafeUninitializedCapacity: 32) { digits in
        for place in 0..<32 {
          let word = place < 16 ? high : low
          let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - place % 16 * 4)) & 15
          digits[place] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
        }
        return 32
      })
  }
}

package enum ProjectKind {}
package enum ExperimentKind {}
package enum RunKind {}
package enum DatasetKind {}
package enum DataVersionKind {}
package enum PipelineRunKind {}
package enum ModelKind {}
package enum EndpointKind {}
package enum AlertKind {}

package typealias ProjectName = Identifier<ProjectKind>
/// MLflow's experiment ids are decimal numbers written as text.
package typealias ExperimentID = Identifier<ExperimentKind>
package typealias RunID = Identifier<RunKind>
package typealias DatasetName = Identifier<DatasetKind>
/// SHA-256 of a data version's manifest, 64 hexadecimal digits.
package typealias DataVersionID = Identifier<DataVersionKind>
package typealias PipelineRunID = Identifier<PipelineRunKind>
package typealias ModelName = Identifier<ModelKind>
package typealias EndpointName = Identifier<EndpointKind>
package typealias AlertID = Identifier<AlertKind>

/// A model's version as people write it: `flight-delay@3`.
package struct ModelVersionID: Sendable, Hashable, Codable, CustomStringConvertible {
  package var model: ModelName
  package var version: Int

  package init(model: ModelName, version: Int) {
    self.model = model
    self.version = version
  }

  package var description: String { "\(model)@\(version)" }
}

/// SHA-256 of some bytes, 64 lower-case hexadecimal digits.
package struct Digest: Sendable, Hashable, Codable, CustomStringConvertible {
  package let hex: String

  package init?(hex: String) {
    guard hex.utf8.count == 64, hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
      return nil
    }
    self.hex = hex
  }

  package init(bytes: some Sequence<UInt8>) {
    hex = bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let digest = Digest(hex: text) else { throw MartletError.invalidInput("not a SHA-256 digest") }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }

  package var description: String { hex }
  package var short: String { String(hex.prefix(12)) }
}

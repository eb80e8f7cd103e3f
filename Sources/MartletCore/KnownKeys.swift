extension Decoder {
  /// Refuses an object with a member that nobody reads, suggesting the name that was meant.
  package func allowOnly(_ known: [String], in what: String) throws {
    for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
      throw MartletError.invalidInput(
        "unknown key '\(key.stringValue.prefix(60))' in \(what)\(didYouMean(key.stringValue, among: known))",
        fix: "its keys are: \(known.joined(separator: ", "))")
    }
  }
}

/// A coding key that can be any text.
package struct AnyKey: CodingKey, Sendable {
  package let stringValue: String
  package var intValue: Int? { nil }

  package init(_ text: String) { stringValue = text }
  package init(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { nil }
}

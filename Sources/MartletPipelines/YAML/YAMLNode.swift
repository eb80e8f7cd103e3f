/// A value of a YAML file with its place: a scalar as it was written, a list, or a mapping in the file's order.
package struct YAMLNode: Sendable, Hashable {
  package indirect enum Content: Sendable, Hashable {
    /// `plain` says that the text stands without quotes, so that it may mean a number, true, false or nothing.
    case scalar(String, plain: Bool)
    case sequence([YAMLNode])
    case mapping([Entry])
  }

  package struct Entry: Sendable, Hashable {
    package var key: String
    package var keyPosition: SourcePosition
    package var value: YAMLNode
  }

  package var content: Content
  package var position: SourcePosition

  /// `key:` with nothing behind it, `~` or `null`.
  package var isNull: Bool {
    if case .scalar(let text, plain: true) = content {
      ["", "~", "null", "Null", "NULL"].contains(text)
    } else {
      false
    }
  }

  /// What the value is, for messages.
  package var kind: String {
    switch content {
    case .scalar: isNull ? "nothing" : "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

/// Words that one YAML reader takes for text and another for true, false or nothing.
enum YAMLTraps {
  static let words: Set<String> = ["on", "off", "yes", "no", "true", "false", "null", "~"]

  /// Why a plain scalar must not stand where text is wanted; nil when it may.
  static func objection(toText text: String) -> String? {
    words.contains(text.lowercased())
      ? "\(text) without quotes means true, false or nothing to some YAML readers: write \"\(text)\"" : nil
  }
}

package import MartletCore

import struct Crypto.SHA256

/// What names, aliases and tags of models may look like (MLflow's utils/validation.py).
package enum ModelRules {
  static let longestTagValue = 100_000 * 4

  package static func checkName(_ name: ModelName) throws {
    let text = name.text
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw MartletError.invalidInput("Missing value for required parameter 'name'.")
    }
    guard !text.contains(where: { $0 == "/" || $0 == ":" }) else {
      throw MartletError.invalidInput(
        "Invalid model name '\(text.prefix(120))'. Names cannot contain '/' or ':'.")
    }
    guard text.utf8.count <= 500, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
      throw MartletError.invalidInput(
        "Invalid model name '\(text.prefix(120))'. Names have at most 500 bytes and no control characters.")
    }
    guard KeyRules.normalized(text) == text, text != ".", text != ".." else {
      throw MartletError.invalidInput(
        "Invalid value \"\(text.prefix(120))\" for parameter 'name' supplied: Names may be treated as files in certain "
          + "cases, and must not resolve to other names when treated as such.")
    }
  }

  static func checkAlias(_ alias: String) throws {
    guard !alias.isEmpty else { throw MartletError.invalidInput("Registered model alias name cannot be empty.") }
    guard alias.utf8.allSatisfy(isAliasByte) else {
      throw MartletError.invalidInput(
        "Invalid alias name: '\(alias.prefix(60))'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
      )
    }
    guard alias.utf8.count <= 255 else {
      throw MartletError.invalidInput("'Registered model alias name' exceeds the maximum length of 255 characters")
    }
    guard alias.lowercased() != "latest" else {
      throw MartletError.invalidInput("'latest' alias name (case insensitive) is reserved.")
    }
    let rest = alias.dropFirst()
    guard !(alias.lowercased().hasPrefix("v") && !rest.isEmpty && rest.allSatisfy(\.isNumber)) else {
      throw MartletError.invalidInput("Version alias name '\(alias)' is reserved.")
    }
  }

  private static func isAliasByte(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "-")
  }

  static func checkTag(_ key: String, _ value: String) throws {
    try KeyRules.check(key, at: "key", called: "key")
    try KeyRules.checkLength(value, longest: longestTagValue, called: "value")
  }

  static func checkDescription(_ text: String?) throws {
    if let text { try KeyRules.checkLength(text, longest: 100_000, called: "description") }
  }

  /// The checksum of a version's files, which are in order of path; nil when there are none.
  static func checksum(of files: [ModelFile]) -> Digest? {
    guard !files.isEmpty else { return nil }
    var hash = SHA256()
    for file in files { hash.update(data: Array("\(file.path) \(file.digest.hex) \(file.size)\n".utf8)) }
    return Digest(bytes: hash.finalize())
  }
}

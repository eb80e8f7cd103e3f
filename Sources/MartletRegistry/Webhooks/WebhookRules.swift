import MartletCore

/// What names, addresses and events of webhooks may look like (MLflow's utils/validation.py).
enum WebhookRules {
  static let longestURL = 2000
  static let longestDescription = 1000
  static let longestSecret = 1000

  static func checkName(_ name: String) throws {
    func isLetterOrDigit(_ byte: UInt8) -> Bool {
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
    let bytes = Array(name.utf8)
    guard let first = bytes.first, let last = bytes.last, bytes.count <= 63, isLetterOrDigit(first),
      isLetterOrDigit(last), bytes.allSatisfy({ isLetterOrDigit($0) || ".-_".utf8.contains($0) })
    else {
      throw MartletError.invalidInput(
        "Webhook name '\(name.prefix(80))' is invalid. It must start and end with a letter or digit, be less than 63 "
          + "characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).")
    }
  }

  /// The events in their order, each once.
  static func checked(_ events: [RegistryEvent]) throws -> [RegistryEvent] {
    guard !events.isEmpty else { throw MartletError.invalidInput("Webhook events must be a non-empty list of events") }
    var seen: Set<RegistryEvent> = []
    return events.filter { seen.insert($0).inserted }
  }

  /// The form of an address; whether the server may go there is the outbound policy's to say.
  static func checkURL(_ url: String) throws {
    guard !url.allSatisfy(\.isWhitespace) else {
      throw MartletError.invalidInput("Webhook URL cannot be empty or just whitespace")
    }
    guard url.utf8.count <= longestURL, url.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
      throw MartletError.invalidInput(
        "Invalid webhook URL: it has at most \(longestURL) bytes and neither spaces nor control characters")
    }
  }

  static func checkLength(_ text: String?, _ longest: Int, _ what: String) throws {
    guard let text, text.utf8.count > longest else { return }
    throw MartletError.invalidInput("The webhook's \(what) is longer than \(longest) bytes")
  }
}

import MartletCore

/// DuckDB's error text as a `MartletError`.
enum DuckDBMessage {
  /// - Parameter text: such as `Binder Error: Referenced column "agee" not found …\n\nLINE 1: SELECT agee …`.
  static func error(_ text: String, memoryLimitMB: Int) -> MartletError {
    let (kind, body) = split(text)
    let (message, place) = separatePlace(body)
    let cleaned = String(hideValues(message).prefix(1000))
    switch kind {
    case "INTERRUPT": return MartletError(.cancelled, "the SQL statement was cancelled")
    case "Out of Memory":
      return MartletError(
        .unavailable, "the SQL statement needs more than its \(memoryLimitMB) MB of memory", cause: cleaned,
        fix: "read fewer columns or rows at a time, or raise the step's memory limit")
    case "Permission":
      return MartletError(
        .permissionDenied, "the SQL statement may not do that: \(cleaned)",
        fix: "read and write only the inputs and outputs that are declared; the network and other files are closed")
    case "IO" where body.contains("No space left"):
      return MartletError(.storageFull, "the disk is full", cause: cleaned, fix: "free some space and try again")
    case "IO", "HTTP": return MartletError(.unavailable, "the SQL statement could not read or write: \(cleaned)")
    case "INTERNAL", "FATAL":
      return MartletError(.internalError, "DuckDB failed inside: \(cleaned)", cause: place)
    default: return MartletError(.invalidInput, "the SQL statement is wrong: \(cleaned)", cause: place)
    }
  }

  /// `Binder Error: text` → ("Binder", "text").
  private static func split(_ text: String) -> (kind: String, body: String) {
    guard let end = text.firstRange(of: " Error: "), !text[..<end.lowerBound].contains("\n"),
      end.lowerBound.utf16Offset(in: text) < 40
    else { return ("", text) }
    return (String(text[..<end.lowerBound]), String(text[end.upperBound...]))
  }

  /// Takes the quoted line of SQL with its pointing caret, and quoted lines of data, out of the text.
  private static func separatePlace(_ text: String) -> (message: String, place: String?) {
    var message: [Substring] = []
    var place: String?
    for line in text.split(whereSeparator: \.isNewline) {
      let trimmed = line.drop { $0 == " " }
      if trimmed.hasPrefix("LINE ") {
        place = String(trimmed.prefix(300))
      } else if !trimmed.isEmpty, !trimmed.hasPrefix("^"), !trimmed.hasPrefix("Original Line:") {
        message.append(trimmed)
      }
    }
    return (message.joined(separator: " "), place)
  }

  /// Values of rows stay out of messages: what DuckDB quotes after these words becomes `'…'`.
  private static func hideValues(_ text: String) -> String {
    var output = text
    for opening in [
      "Could not convert string '", "Could not convert string \"", "duplicate key \"", "Could not cast value ",
    ] {
      guard let start = output.firstRange(of: opening)?.upperBound else { continue }
      let rest = output[start...]
      guard let end = rest.firstRange(of: " to ")?.lowerBound ?? rest.firstRange(of: "\" violates")?.lowerBound
      else { continue }
      output.replaceSubrange(start..<end, with: opening.hasSuffix("'") ? "…'" : opening.hasSuffix("\"") ? "…" : "…")
    }
    return output
  }
}

/// The body formats of MLflow's scoring server that Martlet reads.
enum BodyFormat: Sendable {
  case json
  case csv

  /// Only the parameter `charset=utf-8` is allowed.
  init(contentType: String?) throws(RequestRefusal) {
    // What nearly every client sends needs no closer look.
    if contentType == "application/json" {
      self = .json
      return
    }
    guard let contentType else { throw Self.unsupported("none") }
    let parts = contentType.split(separator: ";").map { Self.trimmed($0).lowercased() }
    guard let type = parts.first, parts.dropFirst().allSatisfy(Self.isUTF8) else { throw Self.unsupported(contentType) }
    switch type {
    case "application/json": self = .json
    case "text/csv": self = .csv
    default: throw Self.unsupported(contentType)
    }
  }

  private static func isUTF8(_ parameter: String) -> Bool {
    let sides = parameter.split(separator: "=", maxSplits: 1).map(trimmed)
    return sides.count == 2 && sides[0] == "charset" && (sides[1] == "utf-8" || sides[1] == "\"utf-8\"")
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }

  private static func unsupported(_ given: String) -> RequestRefusal {
    RequestRefusal(
      status: 415, code: "INVALID_PARAMETER_VALUE",
      message: "This predictor reads 'application/json' and 'text/csv' (charset=utf-8 only); the request's content "
        + "type is '\(given.prefix(80))'.")
  }

  func read(_ bytes: [UInt8], schema: RowSchema, rowLimit: Int) throws(RequestRefusal) -> RequestRows {
    switch self {
    case .json: try RequestReader.readJSON(bytes, schema: schema, rowLimit: rowLimit)
    case .csv: try CSVReader.read(bytes, schema: schema, rowLimit: rowLimit)
    }
  }
}

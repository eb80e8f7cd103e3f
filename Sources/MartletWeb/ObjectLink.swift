import MartletCore

/// The page of a thing that the ledger, an alert or a lineage names, such as `dataset:flight-delay/flights`.
enum ObjectLink {
  static func page(of object: String) -> String? {
    let parts = object.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2, let name = pathEncoded(parts[1]) else { return nil }
    switch parts[0] {
    case "dataset": return datasetPage(name)
    case "data": return "/data/\(withoutVersion(name))#versions"
    case "feature": return "/data#feature-\(name.replacing("/", with: "-"))"
    case "endpoint": return "/endpoints/\(name)"
    case "model": return modelPage(name)
    case "run": return "/runs/\(name)"
    case "experiment": return "/experiments/\(name)"
    case "logged_model": return "/logged-models/\(name)"
    case "pipeline", "pipeline-run": return "/pipelines/\(name)"
    case "alert": return "/alerts?all=1#\(name)"
    default: return nil
    }
  }

  static func run(_ run: RunID) -> String { "/runs/\(pathEncoded(run.text) ?? "")" }

  static func loggedModel(_ id: String) -> String { "/logged-models/\(pathEncoded(id) ?? "")" }

  static func experiment(_ experiment: ExperimentID) -> String { "/experiments/\(pathEncoded(experiment.text) ?? "")" }

  static func model(_ name: ModelName) -> String { "/models/\(pathEncoded(name.text) ?? "")" }

  static func model(_ version: ModelVersionID) -> String {
    "/models/\(pathEncoded(version.model.text) ?? "")/\(version.version)"
  }

  /// `project/name` is the dataset's page, `project/name@3` one of its versions, `project/name/2013-02-02` a partition.
  private static func datasetPage(_ name: String) -> String {
    if let at = name.lastIndex(of: "@") { return "/data/\(name[..<at])#version-\(name[name.index(after: at)...])" }
    let parts = name.split(separator: "/", maxSplits: 2)
    return parts.count == 3 ? "/data/\(parts[0])/\(parts[1])/partitions/\(parts[2])" : "/data/\(name)"
  }

  /// An object as people read it: ids of 32 digits are shortened.
  static func label(_ object: String) -> String {
    let parts = object.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, parts[1].count >= 32, parts[1].allSatisfy(\.isHexDigit) else { return object }
    return "\(parts[0]) \(parts[1].prefix(8))"
  }

  /// An object in words, where it is the subject: `Endpoint flight-delay`, `Pipeline run 3f2a90c1`.
  static func words(_ object: String) -> String {
    let parts = label(object).split(whereSeparator: { $0 == ":" || $0 == " " }).map(String.init)
    guard parts.count == 2, let first = parts[0].first else { return label(object) }
    return first.uppercased() + parts[0].dropFirst().replacing("-", with: " ") + " " + parts[1]
  }

  /// `name@3` is the version's page, `name` the model's.
  private static func modelPage(_ name: String) -> String {
    guard let at = name.lastIndex(of: "@"), let version = Int(name[name.index(after: at)...]) else {
      return "/models/\(name)"
    }
    return "/models/\(name[..<at])/\(version)"
  }

  private static func withoutVersion(_ name: String) -> Substring {
    name.lastIndex(of: "@").map { name[..<$0] } ?? name[...]
  }

  /// Percent-encoded for a path, slashes kept; nil for text that cannot be one.
  static func pathEncoded(_ text: String) -> String? {
    guard !text.isEmpty else { return nil }
    return percentEncoded(text, keeping: "-_./@~")
  }

  /// Percent-encoded as a value after the question mark.
  static func queryEncoded(_ text: String) -> String { percentEncoded(text, keeping: "-_.~") }

  private static func percentEncoded(_ text: String, keeping kept: String) -> String {
    let plain = Set(kept.utf8)
    return text.utf8.map { byte in
      switch byte {
      case 48...57, 65...90, 97...122: String(UnicodeScalar(byte))
      case _ where plain.contains(byte): String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }
}

/// An address with parameters after the question mark; those without a value are left out.
func link(_ path: String, _ query: KeyValuePairs<String, String?>) -> String {
  link(path, query.map { ($0.key, $0.value) })
}

/// The same for parameters that may stand there more than once.
func link(_ path: String, _ query: [(String, String?)]) -> String {
  let parts = query.compactMap { name, value in
    value.flatMap { $0.isEmpty ? nil : "\(name)=\(ObjectLink.queryEncoded($0))" }
  }
  return parts.isEmpty ? path : path + "?" + parts.joined(separator: "&")
}

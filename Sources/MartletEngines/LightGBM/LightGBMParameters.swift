import MartletCore

/// Checks parameters against the list that LightGBM itself prints, and writes them as its C functions want them.
struct LightGBMParameters {
  private let values: [String: String]

  /// What training always sets: the same numbers from the same seed, and no chatter.
  private static let fixed = ["deterministic": "true", "force_row_wise": "true", "verbosity": "-1"]

  init(_ given: [String: String], knownAliases: JSON, categorical: [Int]) throws {
    let names = Self.canonicalNames(knownAliases)
    var values: [String: String] = [:]
    for (key, value) in given.sorted(by: { $0.key < $1.key }) {
      guard let name = names[key] else {
        let suggestion = didYouMean(key, among: Set(names.values).sorted())
        throw MartletError.invalidInput(
          "LightGBM has no parameter '\(key)'\(suggestion.isEmpty ? didYouMean(key, among: names.keys.sorted()) : suggestion)",
          fix: "its documentation lists them: https://lightgbm.readthedocs.io/en/stable/Parameters.html")
      }
      guard !value.isEmpty, !value.contains(where: { $0.isWhitespace || $0 == "=" }) else {
        throw MartletError.invalidInput("the LightGBM parameter '\(key)' cannot be '\(value)'")
      }
      if let other = values[name], other != value {
        throw MartletError.invalidInput(
          "the LightGBM parameter '\(name)' is given twice, once as '\(key)'", fix: "write it once")
      }
      values[name] = value
    }
    for (name, value) in Self.fixed {
      if let given = values[name], name != "verbosity", given.lowercased() != value {
        throw MartletError.invalidInput(
          "the LightGBM parameter '\(name)' is always \(value)", fix: "leave it out: results must repeat")
      }
      values[name] = value
    }
    values["num_threads"] = values["num_threads"] ?? "1"
    if !categorical.isEmpty { values["categorical_feature"] = categorical.map(String.init).joined(separator: ",") }
    self.values = values
  }

  /// `a=1 b=2`, sorted.
  var text: String { values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ") }

  subscript(name: String) -> String? { values[name] }

  /// Every name and alias, with the name it stands for.
  private static func canonicalNames(_ aliases: JSON) -> [String: String] {
    var names: [String: String] = [:]
    for (name, others) in aliases.object ?? [:] {
      names[name] = name
      for other in others.array ?? [] { if let other = other.string { names[other] = name } }
    }
    return names
  }
}

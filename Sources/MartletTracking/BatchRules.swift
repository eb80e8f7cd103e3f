import MartletCore

/// What one logging request may hold (MLflow's utils/validation.py), and how long a value may be.
///
/// Values longer than MLflow's 6000 and 8000 characters are kept whole, up to 64 KiB: MLflow cuts them silently.
enum BatchRules {
  static let mostMetrics = 1000
  static let mostParams = 100
  static let mostTags = 100
  static let mostEntities = 1000
  static let longestValue = 65_536
  static let longestExperimentName = 500

  static func check(metrics: [Metric], params: [KeyValue], tags: [KeyValue]) throws {
    try checkCount(metrics.count, atMost: mostMetrics, of: "metrics")
    try checkCount(params.count, atMost: mostParams, of: "params")
    try checkCount(tags.count, atMost: mostTags, of: "tags")
    try checkCount(metrics.count + params.count + tags.count, atMost: mostEntities, of: "metrics, params, and tags")
    for (index, metric) in metrics.enumerated() { try check(metric, at: { "metrics[\(index)].name" }) }
    for (index, param) in params.enumerated() { try checkParam(param, at: "params[\(index)].key") }
    for (index, tag) in tags.enumerated() { try checkTag(tag, at: "tags[\(index)].key") }
    try checkUnique(params)
  }

  static func check(_ metric: Metric, at path: () -> String) throws {
    // The path is only spelled out when it is needed: a batch has a thousand of them.
    do {
      try KeyRules.check(metric.key, at: "name", called: "Metric name")
    } catch {
      try KeyRules.check(metric.key, at: path(), called: "Metric name")
    }
    guard metric.timestamp >= 0 else {
      throw MartletError.invalidInput(
        "Invalid value \(metric.timestamp) for parameter 'timestamp' supplied: metric '\(metric.key)' "
          + "(value=\(metric.value)). Timestamp must be a nonnegative long (64-bit integer) ")
    }
  }

  static func checkParam(_ param: KeyValue, at path: String = "key") throws {
    try KeyRules.check(param.key, at: path, called: "Param key")
    try KeyRules.checkLength(param.value, longest: longestValue, called: "Param value")
  }

  static func checkTag(_ tag: KeyValue, at path: String = "key") throws {
    try KeyRules.check(tag.key, at: path, called: "Tag key")
    try KeyRules.checkLength(tag.value, longest: longestValue, called: "Tag value")
  }

  static func checkExperimentTag(_ tag: KeyValue) throws {
    try KeyRules.check(tag.key, at: "key", called: "key")
    try KeyRules.checkLength(tag.value, longest: longestValue, called: "value")
  }

  static func checkExperimentName(_ name: String) throws {
    guard !name.isEmpty, !name.utf8.contains(0) else {
      throw MartletError.invalidInput("Invalid experiment name: '\(name.prefix(60))'")
    }
    guard name.unicodeScalars.count <= longestExperimentName else {
      throw MartletError.invalidInput("'name' exceeds the maximum length of \(longestExperimentName) characters")
    }
  }

  private static func checkCount(_ count: Int, atMost most: Int, of what: String) throws {
    guard count <= most else {
      throw MartletError.invalidInput(
        "A batch logging request can contain at most \(most) \(what). Got \(count) \(what). Please split up \(what) "
          + "across multiple requests and try again.")
    }
  }

  private static func checkUnique(_ params: [KeyValue]) throws {
    var seen: Set<String> = []
    let repeated = params.map(\.key).filter { !seen.insert($0).inserted }
    guard repeated.isEmpty else {
      throw MartletError.invalidInput(
        "Duplicate parameter keys have been submitted: \(repeated.prefix(10)). Please ensure the request contains "
          + "only one param value per param key.")
    }
  }
}

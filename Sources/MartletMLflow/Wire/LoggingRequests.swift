import MartletCore
import MartletTracking

/// `runs/log-batch`
struct LogBatchRequest {
  var run: RunID
  var metrics: [Metric] = []
  var params: [KeyValue] = []
  var tags: [KeyValue] = []

  /// By scanning; nil when the body is unusual in any way.
  init?(scanning bytes: UnsafeBufferPointer<UInt8>) {
    var run: String?
    var (metrics, params, tags): ([Metric], [KeyValue], [KeyValue]) = ([], [], [])
    do {
      var scanner = JSONScanner(bytes)
      var seen = 0
      try scanner.object { scanner, key in
        let bit: Int
        switch key {
        case "run_id":
          run = try scanner.text()
          bit = 1
        case "metrics":
          try scanner.list { metrics.append(try Metric(scanning: &$0)) }
          bit = 2
        case "params":
          try scanner.list { params.append(try KeyValue(scanning: &$0)) }
          bit = 4
        case "tags":
          try scanner.list { tags.append(try KeyValue(scanning: &$0)) }
          bit = 8
        default: throw JSONScanner.Unusual()
        }
        guard seen & bit == 0 else { throw JSONScanner.Unusual() }
        seen |= bit
      }
      try scanner.end()
    } catch {
      return nil
    }
    guard let run, !run.isEmpty else { return nil }
    (self.run, self.metrics, self.params, self.tags) = (RunID(run), metrics, params, tags)
  }

  /// By MLflow's rules, with its errors.
  init(_ fields: WireFields) throws {
    run = RunID(try fields.required("run_id"))
    metrics = try fields.objects("metrics").enumerated().map { try Metric($1, at: "metrics[\($0)].") }
    params = try fields.objects("params").enumerated().map { try KeyValue($1, at: "params[\($0)].") }
    tags = try fields.objects("tags").enumerated().map { try KeyValue($1, at: "tags[\($0)].") }
  }
}

extension Metric {
  fileprivate init(scanning scanner: inout JSONScanner) throws {
    var (key, value, timestamp, step): (String?, Double?, Int64?, Int64?) = (nil, nil, nil, nil)
    var (model, name, digest): (String?, String?, String?) = (nil, nil, nil)
    var count = 0
    try scanner.object { scanner, member in
      count += 1
      switch member {
      case "key": key = try scanner.text()
      case "value": value = try scanner.double()
      case "timestamp": timestamp = try scanner.integer()
      case "step": step = try scanner.integer()
      case "model_id": model = try scanner.text()
      case "dataset_name": name = try scanner.text()
      case "dataset_digest": digest = try scanner.text()
      default: throw JSONScanner.Unusual()
      }
    }
    let given = [step != nil, model != nil, name != nil, digest != nil].count { $0 }
    guard let key, !key.isEmpty, let value, let timestamp, count == 3 + given else { throw JSONScanner.Unusual() }
    self.init(
      key: key, value: value, timestamp: timestamp, step: step ?? 0, modelID: model, datasetName: name,
      datasetDigest: digest)
  }

  /// - Parameter path: what stands before the field's name in messages, such as `metrics[3].`
  init(_ fields: WireFields, at path: String = "") throws {
    try fields.demand(["key", "value", "timestamp"], at: path)
    self.init(
      key: try fields.required("key"), value: try fields.requiredDouble("value"),
      timestamp: try fields.requiredInteger("timestamp"), step: try fields.integer("step") ?? 0,
      modelID: try fields.optional("model_id").flatMap { $0.isEmpty ? nil : $0 },
      datasetName: try fields.optional("dataset_name").flatMap { $0.isEmpty ? nil : $0 },
      datasetDigest: try fields.optional("dataset_digest").flatMap { $0.isEmpty ? nil : $0 })
  }
}

extension KeyValue {
  fileprivate init(scanning scanner: inout JSONScanner) throws {
    var (key, value): (String?, String?) = (nil, nil)
    var count = 0
    try scanner.object { scanner, member in
      count += 1
      switch member {
      case "key": key = try scanner.text()
      case "value": value = try scanner.text()
      default: throw JSONScanner.Unusual()
      }
    }
    guard let key, !key.isEmpty, let value, count == 2 else { throw JSONScanner.Unusual() }
    self.init(key, value)
  }

  init(_ fields: WireFields, at path: String = "") throws {
    try fields.demand(["key"], at: path)
    self.init(try fields.required("key"), try fields.text("value"))
  }
}

extension WireFields {
  /// Throws for the first of the names that is not given, naming its place in the request.
  func demand(_ names: [String], at path: String) throws {
    for name in names where !has(name) || (try? optional(name)) == "" { throw missing(path + name) }
  }
}

package import MartletCore
import Yams

/// What to play and when, as `replay.yaml` says it.
package struct ReplayPlan: Sendable, Hashable {
  /// Rows pushed to a dataset's live tail as they become known.
  package struct Rows: Sendable, Hashable, Decodable {
    package var dataset: String
    /// CSV with a header, sorted by `at`.
    package var file: String
    package var at: String

    package init(from decoder: any Decoder) throws {
      try decoder.allowOnly(["dataset", "file", "at"], in: "'rows'")
      let container = try decoder.container(keyedBy: CodingKeys.self)
      dataset = try container.decode(String.self, forKey: .dataset)
      file = try container.decode(String.self, forKey: .file)
      at = try container.decode(String.self, forKey: .at)
    }

    private enum CodingKeys: String, CodingKey { case dataset, file, at }
  }

  /// Whole daily files, delivered some time after their day began.
  package struct Partitions: Sendable, Hashable, Decodable {
    package var dataset: String
    /// Path with `{partition}` where the day stands; a day without a file is left out.
    package var files: String
    package var after: WrittenDuration

    package init(from decoder: any Decoder) throws {
      try decoder.allowOnly(["dataset", "files", "after"], in: "'partitions'")
      let container = try decoder.container(keyedBy: CodingKeys.self)
      dataset = try container.decode(String.self, forKey: .dataset)
      files = try container.decode(String.self, forKey: .files)
      after = try container.decode(WrittenDuration.self, forKey: .after)
    }

    private enum CodingKeys: String, CodingKey { case dataset, files, after }
  }

  /// Requests for predictions, one for each line.
  package struct Requests: Sendable, Hashable, Decodable {
    package var endpoint: String
    package var file: String
    package var at: String
    package var connections: Int

    package init(from decoder: any Decoder) throws {
      try decoder.allowOnly(["endpoint", "file", "at", "connections"], in: "'requests'")
      let container = try decoder.container(keyedBy: CodingKeys.self)
      endpoint = try container.decode(String.self, forKey: .endpoint)
      file = try container.decode(String.self, forKey: .file)
      at = try container.decode(String.self, forKey: .at)
      connections = try container.decodeIfPresent(Int.self, forKey: .connections) ?? 4
      guard (1...256).contains(connections) else {
        throw MartletError.invalidInput("'connections' is \(connections)", fix: "write a number from 1 to 256")
      }
    }

    private enum CodingKeys: String, CodingKey { case endpoint, file, at, connections }
  }

  /// What came of predictions, one line for each.
  package struct Outcomes: Sendable, Hashable, Decodable {
    package var endpoint: String
    package var file: String
    package var at: String
    package var id: String
    package var value: String

    package init(from decoder: any Decoder) throws {
      try decoder.allowOnly(["endpoint", "file", "at", "id", "value"], in: "'outcomes'")
      let container = try decoder.container(keyedBy: CodingKeys.self)
      endpoint = try container.decode(String.self, forKey: .endpoint)
      file = try container.decode(String.self, forKey: .file)
      at = try container.decode(String.self, forKey: .at)
      id = try container.decode(String.self, forKey: .id)
      value = try container.decode(String.self, forKey: .value)
    }

    private enum CodingKeys: String, CodingKey { case endpoint, file, at, id, value }
  }

  package var project: String
  package var from: Timestamp
  package var to: Timestamp
  package var step: Duration
  package var rows: [Rows]
  package var partitions: [Partitions]
  package var requests: Requests?
  package var outcomes: Outcomes?

  package static func parse(_ yaml: String) throws -> ReplayPlan {
    do {
      return try YAMLDecoder().decode(Document.self, from: yaml).replay
    } catch let error as DecodingError {
      throw MartletError.invalidInput(explain(error))
    } catch let error as MartletError {
      throw error
    } catch {
      throw MartletError(.invalidInput, "the replay file is not valid YAML", cause: "\(error)")
    }
  }

  private struct Document: Decodable {
    var replay: ReplayPlan

    init(from decoder: any Decoder) throws {
      try decoder.allowOnly(["replay"], in: "the replay file")
      replay = try decoder.container(keyedBy: AnyKey.self).decode(ReplayPlan.self, forKey: AnyKey("replay"))
    }
  }

  private static func explain(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context)) lacks '\(key.stringValue)'"
    case .dataCorrupted(let context):
      if let known = context.underlyingError as? MartletError { return known.message }
      return context.underlyingError.map { "the replay file is not valid YAML: \($0)" } ?? context.debugDescription
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(place(context)) is not written as expected: \(context.debugDescription)"
    @unknown default: return "the replay file cannot be read"
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    return path.isEmpty ? "the replay file" : "'\(path)'"
  }
}

extension ReplayPlan: Decodable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case project, from, to, step, rows, partitions, requests, outcomes
  }

  package init(from decoder: any Decoder) throws {
    try decoder.allowOnly(CodingKeys.allCases.map(\.rawValue), in: "'replay'")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    project = try container.decode(String.self, forKey: .project)
    from = try container.decode(Timestamp.self, forKey: .from)
    to = try container.decode(Timestamp.self, forKey: .to)
    step = try container.decodeIfPresent(WrittenDuration.self, forKey: .step)?.duration ?? .seconds(3600)
    rows = try container.decodeIfPresent([Rows].self, forKey: .rows) ?? []
    partitions = try container.decodeIfPresent([Partitions].self, forKey: .partitions) ?? []
    requests = try container.decodeIfPresent(Requests.self, forKey: .requests)
    outcomes = try container.decodeIfPresent(Outcomes.self, forKey: .outcomes)
    guard from < to else { throw MartletError.invalidInput("'from' is not before 'to'") }
    guard step >= .seconds(1) else { throw MartletError.invalidInput("'step' is shorter than a second") }
  }

  /// The deliveries that fall due after `start` and not after `end`, in the order of their times.
  func due(after start: Timestamp, until end: Timestamp) -> [(day: String, partitions: Partitions, at: Timestamp)] {
    partitions.flatMap { partitions -> [(day: String, partitions: Partitions, at: Timestamp)] in
      var day = (start - partitions.after.duration).startOfDay
      var found: [(day: String, partitions: Partitions, at: Timestamp)] = []
      while day + partitions.after.duration <= end {
        let at = day + partitions.after.duration
        if at > start, day >= from.startOfDay { found.append((day.day, partitions, at)) }
        day = day + .seconds(86_400)
      }
      return found
    }.sorted { $0.at < $1.at }
  }
}

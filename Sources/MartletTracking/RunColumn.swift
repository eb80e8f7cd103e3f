import MartletCore
import MartletStore

/// One thing about a run that a table can show, named as MLflow's filters and orders name it.
package struct RunColumn: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case metric
    case param
    case tag
    case attribute
  }

  package var kind: Kind
  package var key: String

  package init(_ kind: Kind, _ key: String) {
    self.kind = kind
    self.key = key
  }

  /// Reads `metrics.roc_auc`, ``params.`max depth` `` or `user_id`.
  ///
  /// - Throws: `.invalidInput` when it is no such name.
  package init(written text: String) throws {
    let clause = try RunSearch.grammar.parseOrder(text)
    key = clause.key
    switch clause.entity {
    case .metric: kind = .metric
    case .parameter: kind = .param
    case .tag: kind = .tag
    case .attribute, .dataset: kind = .attribute
    }
  }

  /// As a filter or an order writes it; nil for a key that holds every kind of quote.
  package var reference: String? {
    guard kind != .attribute else { return "attributes.\(key)" }
    guard let quote = ["`", "\"", "'"].first(where: { !key.contains($0) }) else { return nil }
    return "\(kind.rawValue)s.\(quote)\(key)\(quote)"
  }

  /// The names in `metrics.a, params."b, c"`: separated by commas outside quotes.
  package static func list(written text: String) throws -> [RunColumn] {
    var (parts, part, quote): ([String], String, Character?) = ([], "", nil)
    for character in text {
      if character == "," && quote == nil {
        parts.append(part)
        part = ""
        continue
      }
      if character == quote {
        quote = nil
      } else if quote == nil, "`\"'".contains(character) {
        quote = character
      }
      part.append(character)
    }
    let written = (parts + [part]).filter { !$0.allSatisfy(\.isWhitespace) }
    guard written.count <= most else {
      throw MartletError.invalidInput("\(written.count) columns are more than \(most)", fix: "leave some out")
    }
    return try written.map(RunColumn.init(written:))
  }

  /// More columns than this are read by nobody.
  package static let most = 60

  /// Where its values are stored; nil for what stands in the run's own row.
  var table: String? {
    switch kind {
    case .metric: "latest_metrics"
    case .param: "params"
    case .tag: "run_tags"
    case .attribute: nil
    }
  }
}

extension Run {
  /// What the run has in a column, as text; nil when it has nothing there. Numbers are written in full.
  package func text(_ column: RunColumn) -> String? {
    switch column.kind {
    case .metric: metric(column.key).map { String($0) }
    case .param: param(column.key)
    case .tag: tag(column.key)
    case .attribute: attribute(column.key)
    }
  }

  private func attribute(_ key: String) -> String? {
    switch key {
    case "run_id": id.text
    case "run_name": info.name
    case "status": info.status.rawValue
    case "user_id": info.user
    case "artifact_uri": info.artifactURI
    case "start_time": Timestamp(milliseconds: info.startTime).description
    case "end_time": info.endTime.map { Timestamp(milliseconds: $0).description }
    default: nil
    }
  }
}

package import MartletCore

/// A dataset as the project file declares it: what pipelines themselves need, and all of it as JSON, from which
/// `MartletLifecycle` makes the data module's definition.
package struct DatasetSection: Sendable, Hashable, Codable {
  package var name: String
  /// Which of the user's files the command line uploads, with `{partition}` in it where there are partitions.
  package var source: String
  package var key: [String]
  package var isPartitioned: Bool
  /// Keys and values as in the file; durations and percentages as written; `schema` columns as a list with names.
  package var json: JSON
  package var position: SourcePosition
}

extension DatasetSection {
  static func read(_ name: String, _ reader: MappingReader) -> DatasetSection? {
    let json = Shape.dataset.json(reader.asNode, reader.path, reader.problems)
    let section = DatasetSection(
      name: name, source: json["source"]?.string ?? "", key: json["key"]?.array?.compactMap(\.string) ?? [],
      isPartitioned: json["partition"] != nil, json: json, position: reader.position)
    section.checkExpectations(reader)
    section.checkSource(reader)
    return section
  }

  /// Files that list the values a column may have.
  var valueFiles: [(column: String, file: String)] {
    (json["schema"]?.array ?? []).compactMap { column in
      guard let name = column["name"]?.string, let file = column["in"]?.string else { return nil }
      return (name, file)
    }
  }

  private func checkSource(_ reader: MappingReader) {
    let remote = ["postgres:", "postgresql:", "sqlite:", "http:", "https:", "s3:", "kafka:"].contains(
      where: source.hasPrefix)
    if remote {
      reader.problems.addNotYet(reader.position(of: "source"), "the source '\(source.prefix(64))' of data.\(name)")
    } else {
      reader.notYet("cursor")
    }
    if isPartitioned, !source.isEmpty, !source.contains("{partition}"), !remote {
      reader.problems.add(
        reader.position(of: "source"), "data.\(name) has partitions, so its source names them with {partition}")
    }
  }

  private func checkExpectations(_ reader: MappingReader) {
    let kinds = Shape.expectations.keys.sorted()
    for (index, node) in reader.list("expect").enumerated() {
      guard case .mapping(let entries) = node.content else { continue }
      let written = entries.map(\.key).filter(kinds.contains)
      let others = ["name", "severity", "max_rows", "equals"]
      if written.count != 1, entries.allSatisfy({ (kinds + others).contains($0.key) }) {
        reader.problems.add(
          node.position, "\(reader.path).expect[\(index + 1)] needs exactly one of \(kinds.joined(separator: ", "))")
      }
    }
  }
}

extension MappingReader {
  /// The mapping as a node again.
  var asNode: YAMLNode { YAMLNode(content: .mapping(entries), position: position) }
}

extension Shape {
  static let severity = Shape.word(["warn", "error"])

  static let expectations: [String: Shape] = [
    "rows": .keys(["min": .whole, "max": .whole]),
    "null_rate": .keys(["column": .text, "max": .share], required: ["column", "max"]),
    "range": .keys(["column": .text, "min": .value, "max": .value], required: ["column"]),
    "set": .keys(["column": .text, "values": .list(.text)], required: ["column", "values"]),
    "unique": .either([.list(.text), .text]),
    "regex": .keys(["column": .text, "pattern": .text], required: ["column", "pattern"]),
    "freshness": .duration,
    "foreign_key": .keys(["column": .text, "references": .text], required: ["column", "references"]),
    "sql": .text,
  ]

  private static let expectation = Shape.keys(
    expectations.merging(["name": .name, "severity": severity, "max_rows": .whole, "equals": .value]) { $1 })

  private static let column = Shape.keys(
    [
      "type": .text, "required": .flag, "unique": .flag, "min": .number, "max": .number,
      "in": .either([.list(.text), .text]),
    ], required: ["type"])

  private static let chart = Shape.keys(
    [
      "stat": .text, "chart": .text, "stratum": .text, "rules": .text, "severity": severity, "baseline": .duration,
      "weight": .share, "allow": .share,
    ], required: ["stat"])

  private static let card = Shape.keys([
    "owner": .text, "purpose": .text, "terms": .text, "provenance": .text, "cadence": .text, "labels": .text,
    "sensitivity": .text, "protected": .list(.text), "description": .text,
  ])

  static let dataset = Shape.keys(
    [
      "source": .text, "cursor": .text, "key": .list(.text), "time": .text,
      "partition": .keys(
        ["by": .text, "column": .text, "start": .text, "late": .duration], required: ["by", "column"]),
      "card": card, "schema": .either([.members(column, shorthand: "type"), .text]), "expect": .list(expectation),
      "control": .list(chart),
    ], required: ["source"])

  static let feature = Shape.keys(
    [
      "entity": .list(.text), "timestamp": .text, "sql": .text, "ttl": .duration, "lookback": .duration,
      "online": .flag, "owner": .text, "description": .text,
    ], required: ["entity", "sql"])
}

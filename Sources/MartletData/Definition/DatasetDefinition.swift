package import MartletCore

/// What a project file says about one dataset; the keys are those of the file.
package struct DatasetDefinition: Sendable, Hashable, Codable {
  /// Where the command line finds what it uploads; the server never opens it.
  package var source: String?
  /// The column that a source's rows are read by, for sources that grow.
  package var cursor: String?
  /// The columns that tell one row from another; may be empty.
  package var key: [String]
  /// How rows are divided into files; nil keeps all rows in the one partition `all`.
  package var partition: PartitionRule?
  /// The column that says when a row became known.
  package var time: String?
  package var schema: SchemaRule
  package var expect: [Expectation]
  package var control: [ControlSpec]
  package var card: DatasetCard?

  package init(
    source: String? = nil, key: [String] = [], partition: PartitionRule? = nil, time: String? = nil,
    schema: SchemaRule = .inferred, expect: [Expectation] = [], control: [ControlSpec] = [], card: DatasetCard? = nil
  ) {
    self.source = source
    self.key = key
    self.partition = partition
    self.time = time
    self.schema = schema
    self.expect = expect
    self.control = control
    self.card = card
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case source, cursor, key, partition, time, schema, expect, control, card
  }

  package init(from decoder: any Decoder) throws {
    try decoder.allowOnly(CodingKeys.allCases.map(\.rawValue), in: "a dataset")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    source = try container.decodeIfPresent(String.self, forKey: .source)
    cursor = try container.decodeIfPresent(String.self, forKey: .cursor)
    key = try container.decodeIfPresent([String].self, forKey: .key) ?? []
    partition = try container.decodeIfPresent(PartitionRule.self, forKey: .partition)
    time = try container.decodeIfPresent(String.self, forKey: .time)
    schema = try container.decodeIfPresent(SchemaRule.self, forKey: .schema) ?? .inferred
    expect = try container.decodeIfPresent([Expectation].self, forKey: .expect) ?? []
    control = try container.decodeIfPresent([ControlSpec].self, forKey: .control) ?? []
    card = try container.decodeIfPresent(DatasetCard.self, forKey: .card)
  }
}

/// How the rows of a dataset are divided into immutable files.
package struct PartitionRule: Sendable, Hashable, Codable {
  package enum Unit: String, Sendable, Codable, CaseIterable {
    case day
    case month
    /// Each value of the column is a partition of its own.
    case value
  }

  package var by: Unit
  package var column: String
  /// The first day that is expected.
  package var start: String?
  /// How long after its end a partition may still be delivered.
  package var late: WrittenDuration?

  package init(by: Unit, column: String) {
    self.by = by
    self.column = column
  }

  private enum CodingKeys: String, CodingKey, CaseIterable { case by, column, start, late }

  package init(from decoder: any Decoder) throws {
    try decoder.allowOnly(CodingKeys.allCases.map(\.rawValue), in: "partition")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let unit = try container.decode(String.self, forKey: .by)
    guard let by = Unit(rawValue: unit) else {
      throw MartletError.invalidInput(
        "partition by '\(unit)'\(didYouMean(unit, among: Unit.allCases.map(\.rawValue)))",
        fix: "write day, month or value")
    }
    self.by = by
    column = try container.decode(String.self, forKey: .column)
    start = try container.decodeIfPresent(String.self, forKey: .start)
    late = try container.decodeIfPresent(WrittenDuration.self, forKey: .late)
  }

  /// The day or month that a partition's name stands for, at its start in UTC; nil for partitions by value.
  package func start(of partition: String) -> Timestamp? {
    switch by {
    case .day: Timestamp(partition)
    case .month: Timestamp(partition + "-01")
    case .value: nil
    }
  }
}

/// Who answers for the data and how it may be used.
package struct DatasetCard: Sendable, Hashable, Codable {
  package var owner: String?
  package var purpose: String?
  package var terms: String?
  package var provenance: String?
  package var cadence: String?
  package var labels: String?
  package var sensitivity: String?
  package var protected: [String]?
  package var description: String?

  package init() {}

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case owner, purpose, terms, provenance, cadence, labels, sensitivity, protected, description
  }

  package init(from decoder: any Decoder) throws {
    try decoder.allowOnly(CodingKeys.allCases.map(\.rawValue), in: "card")
    let container = try decoder.container(keyedBy: CodingKeys.self)
    owner = try container.decodeIfPresent(String.self, forKey: .owner)
    purpose = try container.decodeIfPresent(String.self, forKey: .purpose)
    terms = try container.decodeIfPresent(String.self, forKey: .terms)
    provenance = try container.decodeIfPresent(String.self, forKey: .provenance)
    cadence = try container.decodeIfPresent(String.self, forKey: .cadence)
    labels = try container.decodeIfPresent(String.self, forKey: .labels)
    sensitivity = try container.decodeIfPresent(String.self, forKey: .sensitivity)
    protected = try container.decodeIfPresent([String].self, forKey: .protected)
    description = try container.decodeIfPresent(String.self, forKey: .description)
  }
}

/// How bad it is when a check fails: a warning is recorded, an error stops the partition.
package enum Severity: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  case warn
  case error

  package static func < (a: Severity, b: Severity) -> Bool { a == .warn && b == .error }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let severity = Severity(rawValue: text) else {
      throw MartletError.invalidInput("severity '\(text.prefix(40))'", fix: "write warn or error")
    }
    self = severity
  }
}

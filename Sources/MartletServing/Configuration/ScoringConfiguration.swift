package import MartletCore

/// Everything the scoring plane needs in order to answer: which models, how traffic is shared, which online
/// features are joined, what is logged. The control plane writes it; the scoring plane keeps the last good one.
package struct ScoringConfiguration: Sendable, Hashable, Codable {
  /// Grows with every change. A configuration with a smaller number than the one in force is refused.
  package var epoch: Int64
  package var endpoints: [Endpoint]
  package var tables: [OnlineTableDefinition]

  package init(epoch: Int64, endpoints: [Endpoint] = [], tables: [OnlineTableDefinition] = []) {
    self.epoch = epoch
    self.endpoints = endpoints
    self.tables = tables
  }

  package static let empty = ScoringConfiguration(epoch: 0)

  /// One address that answers predictions.
  package struct Endpoint: Sendable, Hashable, Codable {
    package var name: EndpointName
    package var project: ProjectName
    package var variants: [Variant]
    package var features: [FeatureJoin]
    package var log: LogPolicy
    /// Counters are kept since this number last changed.
    package var epoch: Int64

    package init(
      name: EndpointName, project: ProjectName, variants: [Variant], features: [FeatureJoin] = [],
      log: LogPolicy = LogPolicy(), epoch: Int64 = 0
    ) {
      self.name = name
      self.project = project
      self.variants = variants
      self.features = features
      self.log = log
      self.epoch = epoch
    }
  }

  /// One model version behind an endpoint.
  package struct Variant: Sendable, Hashable, Codable {
    package var modelVersion: ModelVersionID
    /// The model package's folder, relative to the data directory.
    package var packageFolder: String
    /// Share of the answered rows, 0…1; the champion takes what the challengers leave.
    package var share: Double
    package var role: VariantRole

    package init(modelVersion: ModelVersionID, packageFolder: String, share: Double, role: VariantRole) {
      self.modelVersion = modelVersion
      self.packageFolder = packageFolder
      self.share = share
      self.role = role
    }
  }

  /// Which online columns are added to a request's row, and by which of its columns they are found.
  package struct FeatureJoin: Sendable, Hashable, Codable {
    /// Name of an online table of this configuration.
    package var view: String
    /// Request columns that make the key, in the order of the table's entity columns.
    package var entity: [String]
    /// Columns of the table that are added to the row, under their own names.
    package var values: [String]
    /// How old a row may be at the request's event time; nil for features that do not age.
    package var ttlMilliseconds: Int64?

    package init(view: String, entity: [String], values: [String], ttlMilliseconds: Int64? = nil) {
      self.view = view
      self.entity = entity
      self.values = values
      self.ttlMilliseconds = ttlMilliseconds
    }
  }

  /// What is written into the prediction log.
  package struct LogPolicy: Sendable, Hashable, Codable {
    /// Share of the predictions that are logged, 0…1, chosen by prediction id.
    package var share: Double
    /// Request column that holds the prediction's id.
    package var idColumn: String?
    /// Request column that holds the event time.
    package var timeColumn: String?
    /// When true, a prediction that cannot be logged is not answered.
    package var required: Bool

    package init(share: Double = 1, idColumn: String? = nil, timeColumn: String? = nil, required: Bool = false) {
      self.share = share
      self.idColumn = idColumn
      self.timeColumn = timeColumn
      self.required = required
    }
  }
}

/// What a variant does with the rows it gets.
package enum VariantRole: String, Sendable, Hashable, Codable {
  /// Answers what no challenger answers, and stands in for a challenger that fails.
  case champion
  /// Answers its share.
  case challenger
  /// Scores every row; nobody sees the answers but the log and the counters.
  case shadow
}

/// The columns of one online table.
package struct OnlineTableDefinition: Sendable, Hashable, Codable {
  /// One value column.
  package struct Column: Sendable, Hashable, Codable {
    package var name: String
    package var kind: ColumnKind

    package init(_ name: String, _ kind: ColumnKind = .number) {
      self.name = name
      self.kind = kind
    }
  }

  package var name: String
  package var entity: [String]
  package var columns: [Column]

  package init(name: String, entity: [String], columns: [Column]) {
    self.name = name
    self.entity = entity
    self.columns = columns
  }
}

/// How a column's values are read and kept. Everything but text is kept as a Double; missing is NaN, or nil.
package enum ColumnKind: String, Sendable, Hashable, Codable {
  case number
  case integer
  case boolean
  case text
  /// Milliseconds since 1970 in UTC; written as ISO 8601.
  case time

  var isText: Bool { self == .text }
}

package import MartletArtifacts
package import MartletCore
package import MartletData

/// A base table, the moments its rows are about, and the features to add as they were known then.
package struct TrainingSetRequest: Sendable {
  package var project: ProjectName
  /// A Parquet file in the artifact store.
  package var base: Digest
  /// The column of the base that says when each row's prediction is made.
  package var at: String
  /// Names of feature views, in the order their columns are added.
  package var features: [String]
  package var split: TimeSplit?
  /// Rows without a value here are reported and, if `dropUnlabelled`, left out.
  package var label: String?
  package var dropUnlabelled: Bool
  /// The versions of datasets that views read; those not named are read as they are now, tail included.
  package var versions: [DatasetName: DataVersion]

  package init(
    project: ProjectName, base: Digest, at: String, features: [String], split: TimeSplit? = nil, label: String? = nil,
    dropUnlabelled: Bool = true, versions: [DatasetName: DataVersion] = [:]
  ) {
    self.project = project
    self.base = base
    self.at = at
    self.features = features
    self.split = split
    self.label = label
    self.dropUnlabelled = dropUnlabelled
    self.versions = versions
  }
}

/// The oldest share of the rows for training, the newest for testing; rows of one moment stay together.
package struct TimeSplit: Sendable, Hashable, Codable {
  package var column: String
  package var train: Share
  package var test: Share

  package init(column: String, train: Double, test: Double) {
    self.column = column
    self.train = Share(train)
    self.test = Share(test)
  }
}

/// What came of a training set: its files, and how well the features were found.
package struct TrainingSet: Sendable, Codable {
  package struct Column: Sendable, Hashable, Codable {
    package var name: String
    package var type: String
    /// The feature view that it comes from; nil for the base's own.
    package var view: String?
    package var nulls: Int64
  }

  package var columns: [Column]
  /// All rows, or the older ones of a split.
  package var train: Blob
  package var test: Blob?
  package var trainRows: Int64
  package var testRows: Int64
  /// The first moment of the test rows.
  package var cut: Timestamp?
  package var baseRows: Int64
  /// Rows without a label.
  package var unlabelled: Int64
  package var views: [ViewReport]
  /// Which content of which dataset the views read: version and tail.
  package var inputs: [String: String]
}

/// How a view's values were found for the rows of a training set.
package struct ViewReport: Sendable, Hashable, Codable {
  package var view: String
  package var version: String
  /// Rows with a value that was known and not too old.
  package var matched: Int64
  /// Rows whose newest value was older than the view's time-to-live.
  package var expired: Int64
  /// Rows whose entity had no value yet, or is missing.
  package var missing: Int64
  /// Seconds between becoming known and being used, of matched rows; nil for static views.
  package var medianAge: Double?
  package var maximumAge: Double?
}

import MartletCore

/// Everything measured on one window of served predictions.
package struct WindowMeasures: Sendable, Hashable, Codable {
  package var rows: Int
  /// Rows answered by each model version, keyed `model@version`.
  package var rowsByVersion: [String: Int]
  package var columns: [ColumnDrift]
  package var prediction: ColumnDrift?
  package var service: ServiceMeasures
  /// Nil until outcomes are in.
  package var quality: QualityMeasures?

  package init(
    rows: Int, rowsByVersion: [String: Int], columns: [ColumnDrift], prediction: ColumnDrift?,
    service: ServiceMeasures, quality: QualityMeasures? = nil
  ) {
    self.rows = rows
    self.rowsByVersion = rowsByVersion
    self.columns = columns
    self.prediction = prediction
    self.service = service
    self.quality = quality
  }

  package var driftedShare: Double {
    columns.isEmpty ? 0 : Double(columns.count { $0.drifted }) / Double(columns.count)
  }
}

/// One column of a window against the reference.
package struct ColumnDrift: Sendable, Hashable, Codable {
  package var column: String
  /// Population stability index over the reference's deciles (numbers) or categories (text).
  package var psi: Double
  /// The test that decides, and its outcome: `wasserstein` (normed) or `jensen-shannon` (distance).
  package var test: String
  package var statistic: Double
  package var threshold: Double
  package var missingShare: Double
  package var referenceMissingShare: Double
  /// Share of rows whose category the reference never had; 0 for numbers.
  package var unseenShare: Double
  package var mean: Double?
  package var referenceMean: Double?

  package var drifted: Bool { statistic >= threshold }

  package init(
    column: String, psi: Double, test: String, statistic: Double, threshold: Double, missingShare: Double,
    referenceMissingShare: Double, unseenShare: Double = 0, mean: Double? = nil, referenceMean: Double? = nil
  ) {
    self.column = column
    self.psi = psi
    self.test = test
    self.statistic = statistic
    self.threshold = threshold
    self.missingShare = missingShare
    self.referenceMissingShare = referenceMissingShare
    self.unseenShare = unseenShare
    self.mean = mean
    self.referenceMean = referenceMean
  }
}

/// How the service behaved in a window.
package struct ServiceMeasures: Sendable, Hashable, Codable {
  package var latencyP50Milliseconds: Double
  package var latencyP99Milliseconds: Double
  /// Predictions that were not finite numbers.
  package var notFinite: Int
  /// Age of the newest joined feature row at the window's end, in seconds, by feature view.
  package var featureAgeSeconds: [String: Double]
  /// Age of the serving model's training data at the window's end, in days.
  package var modelAgeDays: Double?

  package init(
    latencyP50Milliseconds: Double, latencyP99Milliseconds: Double, notFinite: Int,
    featureAgeSeconds: [String: Double] = [:], modelAgeDays: Double? = nil
  ) {
    self.latencyP50Milliseconds = latencyP50Milliseconds
    self.latencyP99Milliseconds = latencyP99Milliseconds
    self.notFinite = notFinite
    self.featureAgeSeconds = featureAgeSeconds
    self.modelAgeDays = modelAgeDays
  }
}

/// Predictive quality on the window's rows whose outcome is known.
package struct QualityMeasures: Sendable, Hashable, Codable {
  package var labelled: Int
  package var positiveShare: Double
  /// `roc_auc`, `pr_auc`, `brier`, `log_loss`, `ece`, `value_per_1000`, `gain_per_1000`.
  package var metrics: [String: Double]
  /// 95 % bootstrap intervals of some of the metrics.
  package var intervals: [String: [Double]]

  package init(labelled: Int, positiveShare: Double, metrics: [String: Double], intervals: [String: [Double]] = [:]) {
    self.labelled = labelled
    self.positiveShare = positiveShare
    self.metrics = metrics
    self.intervals = intervals
  }
}

package import MartletCore
package import MartletRegistry
package import MartletTracking

/// What an import brings in one request, all of it or nothing. Kinds are taken in this order.
package struct ImportBatch: Sendable, Codable {
  /// A blob that was sent before, as a file of a run or a logged model.
  package struct File: Sendable, Codable {
    package var run: String?
    package var loggedModel: String?
    package var path: String
    package var digest: Digest
    package var size: Int64

    package init(run: String? = nil, loggedModel: String? = nil, path: String, digest: Digest, size: Int64) {
      self.run = run
      self.loggedModel = loggedModel
      self.path = path
      self.digest = digest
      self.size = size
    }
  }

  package var experiments: [ImportedExperiment] = []
  package var runs: [ImportedRun] = []
  /// Metric points, column by column.
  package var series: [ImportedSeries] = []
  package var loggedModels: [ImportedLoggedModel] = []
  package var files: [File] = []
  package var models: [ImportedModel] = []
  /// What is here completely from now on, such as `run`: its points and files have all been sent.
  package var done: [Done] = []

  package struct Done: Sendable, Codable {
    package var kind: String
    package var item: String

    package init(kind: String, item: String) {
      self.kind = kind
      self.item = item
    }
  }

  package init(
    experiments: [ImportedExperiment] = [], runs: [ImportedRun] = [], series: [ImportedSeries] = [],
    loggedModels: [ImportedLoggedModel] = [], files: [File] = [], models: [ImportedModel] = [], done: [Done] = []
  ) {
    self.experiments = experiments
    self.runs = runs
    self.series = series
    self.loggedModels = loggedModels
    self.files = files
    self.models = models
    self.done = done
  }

  /// A kind that is left out has nothing; one that is not known is refused, so that nothing is lost.
  package init(from decoder: any Decoder) throws {
    let unknown = try decoder.container(keyedBy: Member.self).allKeys.map(\.stringValue).first {
      CodingKeys(stringValue: $0) == nil
    }
    if let unknown {
      throw MartletError.invalidInput(
        "a batch of an import has no '\(unknown.prefix(40))'", fix: "import with the client of this version")
    }
    let members = try decoder.container(keyedBy: CodingKeys.self)
    func list<Item: Decodable>(_ key: CodingKeys) throws -> [Item] {
      try members.decodeIfPresent([Item].self, forKey: key) ?? []
    }
    experiments = try list(.experiments)
    runs = try list(.runs)
    series = try list(.series)
    loggedModels = try list(.loggedModels)
    files = try list(.files)
    models = try list(.models)
    done = try list(.done)
  }

  /// Any member that a client sends.
  private struct Member: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// What the ledger keeps of it.
  var summary: JSON {
    func count(_ items: Int) -> JSON { .integer(Int64(items)) }
    return [
      "experiments": .array(experiments.map { .string($0.name) }), "runs": count(runs.count),
      "points": count(series.reduce(0) { $0 + $1.count }), "files": count(files.count),
      "logged_models": count(loggedModels.count), "models": .array(models.map { .string($0.name) }),
    ]
  }
}

import MartletCore

/// A configuration made ready: what every request reads. Immutable; a change replaces it as a whole.
final class ScoringPlan: Sendable {
  let configuration: ScoringConfiguration
  private let endpoints: [String: LoadedEndpoint]
  /// The endpoint that `/invocations` means when there is only one.
  let only: LoadedEndpoint?

  static let empty = ScoringPlan()

  private init() {
    configuration = .empty
    endpoints = [:]
    only = nil
  }

  /// Loads every model that `previous` does not have yet.
  init(
    _ configuration: ScoringConfiguration, previous: ScoringPlan, online: OnlineStore,
    load: (ScoringConfiguration.Variant) throws -> any ServedModel
  ) throws {
    self.configuration = configuration
    let places = online.prepare(configuration.tables)
    let loaded = try configuration.endpoints.map { definition in
      let before = previous.endpoints[definition.name.text]
      let models = try definition.variants.map { variant in
        try before?.model(of: variant) ?? load(variant)
      }
      return try LoadedEndpoint(
        definition, models: models, tables: configuration.tables, places: places, previous: before)
    }
    endpoints = Dictionary(uniqueKeysWithValues: loaded.map { ($0.name, $0) })
    only = loaded.count == 1 ? loaded[0] : nil
  }

  var all: [LoadedEndpoint] { endpoints.values.sorted { $0.name < $1.name } }

  /// The endpoint of that name, or the only one when no name is given.
  func endpoint(_ name: String?) throws(RequestRefusal) -> LoadedEndpoint {
    guard let name else {
      if let only { return only }
      guard !endpoints.isEmpty else { throw .unknown("No model is deployed here yet.") }
      throw .mismatch(
        "There are several endpoints; name one in the path: \(paths) or in the header 'Martlet-Endpoint'.")
    }
    guard let endpoint = endpoints[name] else {
      throw .unknown("There is no endpoint '\(name.prefix(60))'\(didYouMean(name, among: endpoints.keys)).")
    }
    return endpoint
  }

  private var paths: String { all.prefix(10).map { "/endpoints/\($0.name)/invocations" }.joined(separator: ", ") }
}

extension LoadedEndpoint {
  /// The model of a variant that is already in memory.
  fileprivate func model(of variant: ScoringConfiguration.Variant) -> (any ServedModel)? {
    variants.first {
      $0.definition.modelVersion == variant.modelVersion && $0.definition.packageFolder == variant.packageFolder
    }?.model
  }
}

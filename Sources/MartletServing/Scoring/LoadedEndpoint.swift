import MartletCore

/// An endpoint ready to answer: models loaded, columns placed, online tables found.
final class LoadedEndpoint: Sendable {
  /// One online view: which columns make its key and where its values go.
  struct Join: Sendable {
    struct Target: Sendable {
      /// Position among the schema's columns, and place in the row.
      var column: Int
      var slot: Int
      var isText: Bool
      /// Position among the table's columns.
      var source: Int
    }

    var table: Int
    var entity: [Int]
    var targets: [Target]
    var ttlMilliseconds: Int64?
  }

  let definition: ScoringConfiguration.Endpoint
  let schema: RowSchema
  let variants: [LoadedVariant]
  let champion: LoadedVariant
  let championPosition: Int
  let shadows: [Int]
  let traffic: Traffic
  let joins: [Join]
  /// Columns that online tables bring.
  let joinedColumns: Set<Int>
  let idColumn: Int?
  let timeColumn: Int?
  /// What the prediction log writes of each variant in every line.
  let logParts: [[UInt8]]
  let refusals: RefusalCounters

  var name: String { definition.name.text }

  /// - Parameters:
  ///   - models: one for each variant, in order.
  ///   - places: of the online tables, by name.
  ///   - previous: the same endpoint until now; its counters go on.
  init(
    _ definition: ScoringConfiguration.Endpoint, models: [any ServedModel], tables: [OnlineTableDefinition],
    places: [String: Int], previous: LoadedEndpoint?
  ) throws {
    self.definition = definition
    guard let championPosition = definition.variants.firstIndex(where: { $0.role == .champion }) else {
      throw MartletError.invalidInput("the endpoint '\(definition.name)' has no champion")
    }
    let columns = EndpointColumns.columns(of: definition, models: models, champion: championPosition, tables: tables)
    let schema = RowSchema(columns)
    let views = definition.features.enumerated().flatMap { position, join in join.values.map { ($0, position) } }
    let joined = Dictionary(views, uniquingKeysWith: { first, _ in first })
    self.schema = schema
    self.championPosition = championPosition
    variants = try zip(definition.variants, models).map { variant, model in
      try Self.load(variant, model, schema, joined, definition.epoch, previous)
    }
    champion = variants[championPosition]
    guard champion.incompatible.isEmpty else {
      throw MartletError.invalidInput("\(champion.label) and the online tables disagree on the type of a column")
    }
    shadows = definition.variants.indices.filter { definition.variants[$0].role == .shadow }
    traffic = Traffic(
      endpoint: definition.name.text,
      challengers: definition.variants.indices
        .filter { definition.variants[$0].role == .challenger && definition.variants[$0].share > 0 }
        .map { ($0, definition.variants[$0].share) },
      champion: championPosition)
    joins = try definition.features.map { try Self.join($0, schema, tables, places) }
    joinedColumns = Set(joined.keys.map { schema.names.position(of: $0) })
    idColumn = definition.log.idColumn.map { schema.names.position(of: $0) }
    timeColumn = definition.log.timeColumn.map { schema.names.position(of: $0) }
    logParts = variants.map { PredictionRecord.part(of: $0, at: definition.name) }
    refusals = previous?.refusals ?? RefusalCounters()
  }

  private static func load(
    _ variant: ScoringConfiguration.Variant, _ model: any ServedModel, _ schema: RowSchema, _ joined: [String: Int],
    _ epoch: Int64, _ previous: LoadedEndpoint?
  ) throws -> LoadedVariant {
    let before = previous?.variants.first {
      $0.definition.modelVersion == variant.modelVersion && $0.definition.packageFolder == variant.packageFolder
    }
    let counters = before?.counters ?? VariantCounters(inputs: model.inputs.map(\.name))
    let goesOn = previous?.definition.epoch == epoch
    let baseline = goesOn ? before?.baseline ?? VariantCounts() : counters.counts
    return try LoadedVariant(
      variant, model: model, schema: schema, joined: joined, counters: counters, baseline: baseline)
  }

  private static func join(
    _ join: ScoringConfiguration.FeatureJoin, _ schema: RowSchema, _ tables: [OnlineTableDefinition],
    _ places: [String: Int]
  ) throws -> Join {
    guard let place = places[join.view], let table = tables.first(where: { $0.name == join.view }) else {
      throw MartletError(.internalError, "the online table '\(join.view)' has no place")
    }
    let targets = join.values.compactMap { value -> Join.Target? in
      guard let source = table.columns.firstIndex(where: { $0.name == value }) else { return nil }
      let column = schema.names.position(of: value)
      return Join.Target(
        column: column, slot: schema.columns[column].slot, isText: schema.columns[column].kind.isText, source: source)
    }
    return Join(
      table: place, entity: join.entity.map { schema.names.position(of: $0) }, targets: targets,
      ttlMilliseconds: join.ttlMilliseconds)
  }
}

/// Which columns an endpoint has: the models' inputs, what the online tables bring, keys, id and event time.
private enum EndpointColumns {
  static func columns(
    of endpoint: ScoringConfiguration.Endpoint, models: [any ServedModel], champion: Int,
    tables: [OnlineTableDefinition]
  ) -> [RowSchema.Column] {
    var columns: [RowSchema.Column] = []
    func add(_ name: String, _ kind: ColumnKind, acceptsNumbers: Bool = false) {
      guard !columns.contains(where: { $0.name == name }) else { return }
      columns.append(RowSchema.Column(name: name, kind: kind, acceptsNumbers: acceptsNumbers))
    }
    for join in endpoint.features {
      let table = tables.first { $0.name == join.view }
      for value in join.values { add(value, table?.columns.first { $0.name == value }?.kind ?? .number) }
    }
    for input in models[champion].inputs { add(input.name, input.kind) }
    for model in models { for input in model.inputs { add(input.name, input.kind) } }
    for entity in endpoint.features.flatMap(\.entity) { add(entity, .text, acceptsNumbers: true) }
    if let id = endpoint.log.idColumn { add(id, .text, acceptsNumbers: true) }
    if let time = endpoint.log.timeColumn { add(time, .time) }
    return columns
  }
}

/// How many requests an endpoint refused, by status.
final class RefusalCounters: Sendable {
  static let statuses = [400, 404, 413, 415, 429, 500, 503, 504]
  private let counts = AtomicCounts(statuses.count)

  func add(status: Int) {
    if let position = Self.statuses.firstIndex(of: status) { counts.add(at: position) }
  }

  var byStatus: [String: Int] {
    Dictionary(uniqueKeysWithValues: zip(Self.statuses.map(String.init), counts.values))
  }
}

import MartletCore

/// One model in memory, with where its inputs are in an endpoint's rows and what it has done so far.
final class LoadedVariant: Sendable {
  /// Where one input's value comes from.
  struct Source: Sendable {
    var slot: Int
    var isText: Bool
    var column: Int
    /// The online view that brings it, where the request does not.
    var join: Int?
  }

  let definition: ScoringConfiguration.Variant
  let model: any ServedModel
  let counters: VariantCounters
  /// The counters when the endpoint's epoch began.
  let baseline: VariantCounts
  let label: String
  private let sources: [Source]
  /// Inputs a request must bring: position among the model's inputs, and of the schema's column.
  private let required: [(input: Int, column: Int)]
  /// Inputs whose type differs from the endpoint's; such a variant can answer nothing.
  let incompatible: [Int]

  /// `joined` are the columns that the online tables bring, with the position of their view.
  init(
    _ definition: ScoringConfiguration.Variant, model: any ServedModel, schema: RowSchema, joined: [String: Int],
    counters: VariantCounters, baseline: VariantCounts
  ) throws {
    self.definition = definition
    self.model = model
    self.counters = counters
    self.baseline = baseline
    label = definition.modelVersion.description
    var sources: [Source] = []
    var required: [(Int, Int)] = []
    var incompatible: [Int] = []
    for (position, input) in model.inputs.enumerated() {
      let column = schema.names.position(of: input.name)
      guard column >= 0 else {
        throw MartletError(.internalError, "the input '\(input.name)' of \(definition.modelVersion) has no column")
      }
      sources.append(
        Source(
          slot: schema.columns[column].slot, isText: schema.columns[column].kind.isText, column: column,
          join: joined[input.name]))
      if !Self.fit(input.kind, schema.columns[column].kind) { incompatible.append(position) }
      if input.isRequired, joined[input.name] == nil { required.append((position, column)) }
    }
    self.sources = sources
    self.required = required
    self.incompatible = incompatible
  }

  private static func fit(_ wanted: ColumnKind, _ given: ColumnKind) -> Bool {
    wanted.isText == given.isText && (wanted == .time) == (given == .time)
  }

  /// Required inputs that the request does not have, as positions among the model's inputs.
  func absentInputs(_ isPresent: [Bool]) -> [Int] {
    var absent: [Int] = []
    for (input, column) in required where !isPresent[column] { absent.append(input) }
    return absent
  }

  /// Scores the given rows and counts what was missing in them.
  func scores(_ rows: RequestRows, _ selected: [Int]) throws -> [Double] {
    let width = sources.count
    var numbers = [Double](repeating: .nan, count: selected.count * width)
    var texts = [String?](repeating: nil, count: selected.count * width)
    for (at, row) in selected.enumerated() {
      for position in 0..<width {
        let source = sources[position]
        let place = at * width + position
        if source.isText {
          let text = rows.text(row, slot: source.slot)
          if text == nil { countMissing(position, row, rows) }
          texts[place] = text
        } else {
          let number = rows.number(row, slot: source.slot)
          if number.isNaN { countMissing(position, row, rows) }
          numbers[place] = number
        }
      }
    }
    return try model.scores(ModelRows(count: selected.count, width: width, numbers: numbers, texts: texts))
  }

  /// A null that the online table holds is a value the model knows; only what nobody delivered is missing.
  private func countMissing(_ position: Int, _ row: Int, _ rows: RequestRows) {
    let source = sources[position]
    if let join = source.join, !rows.isPresent[source.column], rows.wasJoined(row, join) { return }
    counters.addMissing(input: position)
  }
}

import MartletCore
import MartletStatistics

/// Learns a preparation from training rows, operation by operation, each on what the one before left.
struct PreparationFitting {
  private var columns: WorkingColumns
  private let labels: [Double]
  private let seed: UInt64
  private(set) var operations: [FittedOperation] = []

  init(frame: Frame, columns: [String], labels: [Double], seed: UInt64) throws {
    self.columns = try WorkingColumns(frame, columns: columns)
    self.labels = labels
    self.seed = seed
  }

  mutating func fit(_ operation: PreparationSpec.Operation) throws {
    for name in try targets(of: operation) {
      switch operation.kind {
      case .impute: try impute(name, operation.method ?? "median")
      case .clip: change(name, .clip(column: name, low: 0, high: 0))
      case .scale: change(name, .scale(column: name, mean: 0, deviation: 1))
      case .log: change(name, .log(column: name))
      case .bin: change(name, .bin(column: name, edges: []))
      case .indicator: try indicate(name)
      case .encode: try encode(name, operation.method ?? "target")
      case .dates: try splitDate(name)
      case .drop:
        columns.remove(name)
        operations.append(.drop(column: name))
      }
    }
  }

  /// The training rows as numbers, and the names of the columns.
  func matrix() throws -> (Matrix, [String]) {
    let names = columns.names
    let arrays = try names.map { name in
      guard let numbers = columns.numbers(name) else {
        throw MartletError.invalidInput(
          "the column '\(name)' is not a number after the preparation",
          fix: columns.times(name) == nil
            ? "add {encode: target, columns: [\(name)]} to prepare" : "add {dates: {columns: [\(name)]}} to prepare")
      }
      return numbers
    }
    let rows = labels.count
    var values = [Double](repeating: 0, count: rows * arrays.count)
    for (column, numbers) in arrays.enumerated() {
      for row in 0..<rows { values[row * arrays.count + column] = numbers[row] }
    }
    return (try Matrix(rows: rows, columns: arrays.count, values: values), names)
  }

  private func targets(of operation: PreparationSpec.Operation) throws -> [String] {
    if let named = operation.columns {
      for name in named where columns[name] == nil {
        throw MartletError.invalidInput(
          "\(operation.kind.rawValue) names the column '\(name)', which is not there\(didYouMean(name, among: columns.names))"
        )
      }
      for name in named where !fits(operation.kind, name) {
        throw MartletError.invalidInput("\(operation.kind.rawValue) does not apply to the column '\(name)'")
      }
      return named
    }
    return columns.names.filter { fits(operation.kind, $0) }
  }

  private func fits(_ kind: PreparationSpec.Kind, _ name: String) -> Bool {
    switch kind {
    case .impute, .clip, .scale, .log, .bin: columns.numbers(name) != nil
    case .encode: columns.texts(name) != nil
    case .dates: columns.times(name) != nil
    case .indicator, .drop: columns[name] != nil
    }
  }

  private mutating func impute(_ name: String, _ method: String) throws {
    let present = (columns.numbers(name) ?? []).filter { !$0.isNaN }
    let replacement: Double
    switch method {
    case "median": replacement = present.isEmpty ? 0 : Quantile.median(present)
    case "mean": replacement = present.isEmpty ? 0 : present.reduce(0, +) / Double(present.count)
    default:
      guard let constant = Double(method) else {
        throw MartletError.invalidInput("impute cannot be '\(method)'", fix: "use median, mean or a number")
      }
      replacement = constant
    }
    let operation = FittedOperation.fill(column: name, with: replacement)
    columns.set(name, (columns.numbers(name) ?? []).map { ValueChange.fill($0, replacement) })
    operations.append(operation)
  }

  /// Learns the numbers of an operation that changes a column in place, and applies it.
  private mutating func change(_ name: String, _ kind: FittedOperation) {
    let numbers = columns.numbers(name) ?? []
    let present = numbers.filter { !$0.isNaN }
    guard !present.isEmpty else { return }
    let changed: [Double]
    switch kind {
    case .clip:
      let quartiles = Quantile.values(of: present, at: [0.25, 0.75])
      let reach = 1.5 * (quartiles[1] - quartiles[0])
      // Where half of the values are the same there is no scale to cut at: it would leave nothing but that value.
      guard reach > 0 else { return }
      let (low, high) = (quartiles[0] - reach, quartiles[1] + reach)
      operations.append(.clip(column: name, low: low, high: high))
      changed = numbers.map { ValueChange.clip($0, low, high) }
    case .scale:
      let mean = present.reduce(0, +) / Double(present.count)
      let variance = present.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(present.count)
      let deviation = variance > 0 ? variance.squareRoot() : 1
      operations.append(.scale(column: name, mean: mean, deviation: deviation))
      changed = numbers.map { ValueChange.scale($0, mean, deviation) }
    case .bin:
      let edges = Quantile.values(of: present, at: (1...9).map { Double($0) / 10 })
      let distinct = edges.reduce(into: [Double]()) { if $0.last != $1 { $0.append($1) } }
      operations.append(.bin(column: name, edges: distinct))
      changed = numbers.map { ValueChange.bin($0, distinct) }
    default:
      operations.append(.log(column: name))
      changed = numbers.map(ValueChange.log)
    }
    columns.set(name, changed)
  }

  private mutating func indicate(_ name: String) throws {
    let missing: [Double] =
      switch columns[name] {
      case .number(let values), .time(let values): values.map { $0.isNaN ? 1 : 0 }
      case .text(let values): values.map { $0 == nil ? 1 : 0 }
      case nil: []
      }
    guard missing.contains(1) else { return }
    try columns.add(name + "_missing", missing)
    operations.append(.indicator(column: name))
  }

  private mutating func splitDate(_ name: String) throws {
    let times = columns.times(name) ?? []
    columns.remove(name)
    for (index, part) in FittedOperation.dateParts.enumerated() {
      try columns.add("\(name)_\(part)", times.map { ValueChange.datePart(index, $0) })
    }
    operations.append(.dates(column: name))
  }

  private mutating func encode(_ name: String, _ method: String) throws {
    let texts = columns.texts(name) ?? []
    switch method {
    case "target": encodeByTarget(name, texts)
    case "frequency":
      let counts = texts.reduce(into: [String: Double]()) { if let text = $1 { $0[text, default: 0] += 1 } }
      replace(name, texts, table: counts.mapValues { $0 / Double(max(1, texts.count)) }, other: 0, missing: 0)
    case "ordinal":
      let table = Dictionary(uniqueKeysWithValues: categories(texts).enumerated().map { ($1, Double($0)) })
      replace(name, texts, table: table, other: .nan, missing: .nan)
    case "one-hot", "onehot":
      let kept = categories(texts)
      guard kept.count <= 200 else {
        throw MartletError.invalidInput(
          "the column '\(name)' has \(kept.count) categories, too many for a column each", fix: "use encode: target")
      }
      columns.remove(name)
      for category in kept { try columns.add("\(name)=\(category)", texts.map { $0 == category ? 1 : 0 }) }
      operations.append(.oneHot(column: name, categories: kept))
    default:
      throw MartletError.invalidInput(
        "encode cannot be '\(method)'\(didYouMean(method, among: ["target", "one-hot", "ordinal", "frequency"]))")
    }
  }

  private func categories(_ texts: [String?]) -> [String] { Set(texts.compactMap(\.self)).sorted() }

  private mutating func replace(
    _ name: String, _ texts: [String?], table: [String: Double], other: Double, missing: Double
  ) {
    columns.set(name, texts.map { $0.map { table[$0] ?? other } ?? missing })
    operations.append(.encode(column: name, table: table, other: other, missing: missing))
  }

  /// The mean label of each category, drawn toward the overall mean by 20 rows' worth (Micci-Barreca, 2001). Training
  /// rows get the mean of the four fifths of rows they are not in, so that a row's own label does not leak into it.
  private mutating func encodeByTarget(_ name: String, _ texts: [String?]) {
    let foldCount = 5
    var generator = SeededGenerator(seed: seed)
    let folds = texts.map { _ in Int.random(in: 0..<foldCount, using: &generator) }
    var sums = [[String?: (total: Double, count: Double)]](repeating: [:], count: foldCount)
    for (row, text) in texts.enumerated() {
      let old = sums[folds[row]][text] ?? (0, 0)
      sums[folds[row]][text] = (old.total + labels[row], old.count + 1)
    }
    let prior = labels.reduce(0, +) / Double(max(1, labels.count))
    func mean(_ text: String?, without fold: Int?) -> Double {
      var (total, count) = (0.0, 0.0)
      for index in 0..<foldCount where index != fold {
        let part = sums[index][text] ?? (0, 0)
        total += part.total
        count += part.count
      }
      return (total + 20 * prior) / (count + 20)
    }
    let table = Dictionary(uniqueKeysWithValues: categories(texts).map { ($0, mean($0, without: nil)) })
    columns.set(name, texts.enumerated().map { mean($1, without: folds[$0]) })
    operations.append(.encode(column: name, table: table, other: prior, missing: mean(nil, without: nil)))
  }
}

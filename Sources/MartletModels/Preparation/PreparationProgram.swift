import MartletCore

/// A preparation resolved to places in a buffer: applies to one row without allocating.
package struct PreparationProgram: Sendable {
  private enum Step: Sendable {
    case fill(Int, Double)
    case clip(Int, Double, Double)
    case scale(Int, Double, Double)
    case log(Int)
    case bin(Int, [Double])
    case missingNumber(Int, into: Int)
    case missingText(Int, into: Int)
    case encode(text: Int, into: Int, table: [String: Double], other: Double, missing: Double)
    case oneHot(text: Int, into: Int, [String: Int])
    case dates(Int, into: Int)
  }

  private let steps: [Step]
  private let inputCount: Int
  private let slotCount: Int
  /// Which slot each output is in.
  private let outputs: [Int]

  package init(_ preparation: FittedPreparation) throws {
    var slots = Dictionary(
      preparation.inputs.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    guard slots.count == preparation.inputs.count else {
      throw MartletError.invalidInput("the preparation names an input twice")
    }
    let texts = Set(preparation.inputs.filter(\.isText).map(\.name))
    var next = preparation.inputs.count
    var steps: [Step] = []
    func slot(_ name: String) throws -> Int {
      guard let slot = slots[name] else {
        throw MartletError.invalidInput("the preparation names the column '\(name)', which it does not have")
      }
      return slot
    }
    for operation in preparation.operations {
      let source = try slot(operation.column)
      try Self.check(operation, readsText: source < preparation.inputs.count && preparation.inputs[source].isText)
      switch operation {
      case .fill(_, let value): steps.append(.fill(source, value))
      case .clip(_, let low, let high): steps.append(.clip(source, low, high))
      case .scale(_, let mean, let deviation): steps.append(.scale(source, mean, deviation))
      case .log: steps.append(.log(source))
      case .bin(_, let edges): steps.append(.bin(source, edges))
      case .indicator(let name):
        steps.append(
          texts.contains(name) && source < preparation.inputs.count
            ? .missingText(source, into: next) : .missingNumber(source, into: next))
        slots[name + "_missing"] = next
        next += 1
      case .encode(let name, let table, let other, let missing):
        steps.append(.encode(text: source, into: next, table: table, other: other, missing: missing))
        slots[name] = next
        next += 1
      case .oneHot(let name, let categories):
        let places = Dictionary(
          categories.enumerated().map { ($1, next + $0) }, uniquingKeysWith: { first, _ in first })
        steps.append(.oneHot(text: source, into: next, places))
        for (offset, category) in categories.enumerated() { slots["\(name)=\(category)"] = next + offset }
        next += categories.count
      case .dates(let name):
        steps.append(.dates(source, into: next))
        for (offset, part) in FittedOperation.dateParts.enumerated() { slots["\(name)_\(part)"] = next + offset }
        next += FittedOperation.dateParts.count
      case .drop: break
      }
    }
    self.steps = steps
    inputCount = preparation.inputs.count
    slotCount = next
    outputs = try preparation.outputs.map(slot)
  }

  package var outputCount: Int { outputs.count }

  /// A saved operation must find the kind of column it was fitted on: a text lookup anywhere else would read what is
  /// not there.
  private static func check(_ operation: FittedOperation, readsText: Bool) throws {
    switch operation {
    case .indicator, .drop: return
    case .encode, .oneHot: if readsText { return }
    default: if !readsText { return }
    }
    throw MartletError.invalidInput(
      "the preparation applies an operation to the column '\(operation.column)' that does not fit it",
      fix: "train the model again, or restore its files")
  }

  /// Prepares one row.
  ///
  /// - Parameters:
  ///   - numbers: a number for each input; what stands at a text input means nothing.
  ///   - texts: a text for each input; what stands at another input means nothing.
  ///   - output: receives `outputCount` numbers.
  package func apply(
    numbers: UnsafeBufferPointer<Double>, texts: UnsafeBufferPointer<String?>,
    into output: UnsafeMutableBufferPointer<Double>
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: slotCount) { slots in
      for index in 0..<slotCount { slots[index] = index < inputCount ? numbers[index] : 0 }
      for step in steps { run(step, slots, texts) }
      for (index, slot) in outputs.enumerated() { output[index] = slots[slot] }
    }
  }

  private func run(_ step: Step, _ slots: UnsafeMutableBufferPointer<Double>, _ texts: UnsafeBufferPointer<String?>) {
    switch step {
    case .fill(let slot, let value): slots[slot] = ValueChange.fill(slots[slot], value)
    case .clip(let slot, let low, let high): slots[slot] = ValueChange.clip(slots[slot], low, high)
    case .scale(let slot, let mean, let deviation): slots[slot] = ValueChange.scale(slots[slot], mean, deviation)
    case .log(let slot): slots[slot] = ValueChange.log(slots[slot])
    case .bin(let slot, let edges): slots[slot] = ValueChange.bin(slots[slot], edges)
    case .missingNumber(let slot, let target): slots[target] = slots[slot].isNaN ? 1 : 0
    case .missingText(let text, let target): slots[target] = texts[text] == nil ? 1 : 0
    case .encode(let text, let target, let table, let other, let missing):
      if let value = texts[text] { slots[target] = table[value] ?? other } else { slots[target] = missing }
    case .oneHot(let text, _, let places):
      if let value = texts[text], let place = places[value] { slots[place] = 1 }
    case .dates(let slot, let target):
      for part in FittedOperation.dateParts.indices { slots[target + part] = ValueChange.datePart(part, slots[slot]) }
    }
  }
}

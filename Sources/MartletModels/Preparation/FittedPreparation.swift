package import MartletCore

/// Transformations with what they learned, saved with the model and replayed by the same code when it serves.
package struct FittedPreparation: Sendable, Hashable, Codable {
  /// The columns it reads, in order.
  package let inputs: [PreparedInput]
  package let operations: [FittedOperation]
  /// The columns it gives, in order; all are numbers.
  package let outputs: [String]

  /// Fits on training rows and returns them as numbers beside what was learned.
  ///
  /// - Parameters:
  ///   - labels: one for each row, for target encoding.
  ///   - seed: which rows learn from which others in target encoding.
  package static func fit(
    _ spec: PreparationSpec, frame: Frame, columns: [String], labels: [Double], seed: UInt64
  ) throws -> (FittedPreparation, Matrix) {
    guard labels.count == frame.rowCount else {
      throw MartletError(.internalError, "\(frame.rowCount) rows have \(labels.count) labels")
    }
    var fitting = try PreparationFitting(frame: frame, columns: columns, labels: labels, seed: seed)
    for operation in spec.operations { try fitting.fit(operation) }
    let (matrix, outputs) = try fitting.matrix()
    let inputs = try columns.map { PreparedInput(name: $0, isText: try frame.column($0).isText) }
    return (FittedPreparation(inputs: inputs, operations: fitting.operations, outputs: outputs), matrix)
  }

  /// The rows of a table as numbers, by the path that scoring takes.
  package func matrix(from frame: Frame) throws -> Matrix {
    let program = try PreparationProgram(self)
    let numbers = try inputs.map { $0.isText ? [] : try frame.numbers($0.name) }
    let texts = try inputs.map { $0.isText ? try frame.texts($0.name) : [] }
    var values = [Double](repeating: 0, count: frame.rowCount * outputs.count)
    var rowNumbers = [Double](repeating: .nan, count: inputs.count)
    var rowTexts = [String?](repeating: nil, count: inputs.count)
    values.withUnsafeMutableBufferPointer { buffer in
      for row in 0..<frame.rowCount {
        for index in inputs.indices {
          if inputs[index].isText {
            rowTexts[index] = texts[index][row]
          } else {
            rowNumbers[index] = numbers[index][row]
          }
        }
        let place = UnsafeMutableBufferPointer(rebasing: buffer[row * outputs.count..<(row + 1) * outputs.count])
        rowNumbers.withUnsafeBufferPointer { numbers in
          rowTexts.withUnsafeBufferPointer { program.apply(numbers: numbers, texts: $0, into: place) }
        }
      }
    }
    return try Matrix(rows: frame.rowCount, columns: outputs.count, values: values)
  }
}

/// A column that a preparation reads.
package struct PreparedInput: Sendable, Hashable, Codable {
  package var name: String
  /// Text is looked up; everything else arrives as a number, times as milliseconds.
  package var isText: Bool
}

extension Frame.Values {
  var isText: Bool { if case .text = self { true } else { false } }
}

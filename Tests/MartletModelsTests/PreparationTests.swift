import MartletCore
import MartletModels
import MartletStatistics
import Testing

@Suite("Preparation")
struct PreparationTests {
  typealias Operation = PreparationSpec.Operation

  /// Random flights with missing values, a time and categories.
  static func frame(rows: Int, seed: UInt64) throws -> Frame {
    var generator = SeededGenerator(seed: seed)
    func missing<Value>(_ value: Value) -> Value? { generator.uniform() < 0.1 ? nil : value }
    let airports = ["JFK", "LGA", "EWR", "Zürich"]
    return try Frame([
      .init("carrier", .text((0..<rows).map { _ in missing(["UA", "AA", "B6", "HA"][generator.index(below: 4)]) })),
      .init("origin", .text((0..<rows).map { _ in airports[generator.index(below: 4)] })),
      .init("distance", .double((0..<rows).map { _ in missing(1000 * generator.uniform() - 100) ?? .nan })),
      .init("seats", .integer((0..<rows).map { _ in missing(Int64(generator.index(below: 300))) })),
      .init("is_weekend", .boolean((0..<rows).map { _ in missing(generator.uniform() < 0.3) })),
      .init(
        "scheduled_at",
        .time(
          (0..<rows).map { _ in
            missing(1_357_000_000_000 + Int64(generator.index(below: 31_000_000)) * 1000)
          })),
      .init("tailnum", .text((0..<rows).map { "N\($0 % 50)" })),
    ])
  }

  static let everything = PreparationSpec([
    Operation(.dates, columns: ["scheduled_at"]), Operation(.indicator, columns: ["distance", "carrier"]),
    Operation(.impute, method: "median", columns: ["distance"]), Operation(.impute, method: "mean"),
    Operation(.clip, columns: ["distance"]), Operation(.log, columns: ["seats"]),
    Operation(.bin, columns: ["scheduled_at_hour"]), Operation(.encode, method: "target", columns: ["carrier"]),
    Operation(.encode, method: "one-hot", columns: ["origin"]),
    Operation(.encode, method: "frequency", columns: ["tailnum"]), Operation(.scale),
    Operation(.drop, columns: ["is_weekend"]),
  ])

  static func labels(_ rows: Int, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<rows).map { _ in generator.uniform() < 0.25 ? 1 : 0 }
  }

  private func fit(_ spec: PreparationSpec, _ frame: Frame, _ labels: [Double]? = nil) throws
    -> (preparation: FittedPreparation, matrix: Matrix)
  {
    let fitted = try FittedPreparation.fit(
      spec, frame: frame, columns: frame.names, labels: labels ?? Self.labels(frame.rowCount, seed: 5), seed: 7)
    return (fitted.0, fitted.1)
  }

  private func same(_ a: some Sequence<Double>, _ b: some Sequence<Double>) -> Bool {
    zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
  }

  @Test("A frame's matrix and single rows, also from a saved preparation and JSON rows, give the same bits")
  func identical() throws {
    let fitted = try fit(Self.everything, try Self.frame(rows: 800, seed: 1)).preparation
    let new = try Self.frame(rows: 500, seed: 2)
    let matrix = try fitted.matrix(from: new)
    let reread: FittedPreparation = try JSON.parse(try JSON(encoding: fitted).text).decode()
    #expect(reread == fitted)
    let program = try PreparationProgram(reread)
    let fields = try ModelSignature(inferredFrom: new, columns: new.names).inputs
    let rows = try (0..<new.rowCount).map { row in
      Dictionary(uniqueKeysWithValues: try new.names.map { ($0, try new.json($0, row: row)) })
    }
    let throughJSON = try Frame(rows: rows, fields: fields)
    for row in 0..<new.rowCount {
      let numbers = try reread.inputs.map { $0.isText ? .nan : try throughJSON.numbers($0.name)[row] }
      let texts = try reread.inputs.map { $0.isText ? try throughJSON.texts($0.name)[row] : nil }
      var output = [Double](repeating: 0, count: program.outputCount)
      numbers.withUnsafeBufferPointer { numbers in
        texts.withUnsafeBufferPointer { texts in
          output.withUnsafeMutableBufferPointer { program.apply(numbers: numbers, texts: texts, into: $0) }
        }
      }
      #expect(same(output, matrix.values[row * matrix.columns..<(row + 1) * matrix.columns]))
    }
  }

  @Test("The training matrix equals the fitted transformations, except for out-of-fold target encodings")
  func trainingMatrix() throws {
    let frame = try Self.frame(rows: 600, seed: 3)
    let (preparation, matrix) = try fit(Self.everything, frame)
    let again = try preparation.matrix(from: frame)
    for (column, name) in preparation.outputs.enumerated() {
      let (a, b) = ((0..<600).map { matrix[$0, column] }, (0..<600).map { again[$0, column] })
      let isSame = same(a, b)
      #expect(isSame == (name != "carrier"), "\(name)")
    }
  }

  @Test("Out-of-fold encoding does not leak: a random id tells nothing about a random label")
  func noLeak() throws {
    var generator = SeededGenerator(seed: 4)
    let labels = (0..<2000).map { _ in generator.uniform() < 0.5 ? 1.0 : 0 }
    let frame = try Frame([.init("id", .text((0..<2000).map { "id\($0 % 700)" }))])
    let (preparation, matrix) = try fit(PreparationSpec([Operation(.encode, method: "target")]), frame, labels)
    let positive = labels.map { $0 == 1 }
    let outOfFold = try RankedScores(labels: positive, scores: matrix.values).rocAUC
    let leaking = try RankedScores(labels: positive, scores: try preparation.matrix(from: frame).values).rocAUC
    #expect(abs(outOfFold - 0.5) < 0.05)
    #expect(leaking > 0.7)
  }

  @Test("Target encoding is the mean drawn to the prior by 20 rows; categories never seen get the prior")
  func target() throws {
    let frame = try Frame([.init("c", .text(["a", "a", "b", nil]))])
    let (preparation, _) = try fit(PreparationSpec([Operation(.encode, method: "target")]), frame, [1, 1, 0, 0])
    let found = try preparation.matrix(from: try Frame([.init("c", .text(["a", "b", nil, "z"]))])).values
    let expected: [Double] = [12.0 / 22, 10.0 / 21, 10.0 / 21, 0.5]
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test("Each transformation does what it says")
  func transformations() throws {
    func fitted(_ operation: Operation, _ values: [Double], _ probe: Double) throws -> Double {
      let (preparation, _) = try fit(PreparationSpec([operation]), try Frame([.init("x", .double(values))]))
      return try preparation.matrix(from: try Frame([.init("x", .double([probe]))])).values[0]
    }
    let values = [1.0, 2, 3, 4, 100]
    let table: [(Operation, [Double], Double, Double)] = [
      (Operation(.impute, method: "median"), values, .nan, 3), (Operation(.impute, method: "mean"), values, .nan, 22),
      (Operation(.impute, method: "-1"), values, .nan, -1), (Operation(.clip, method: "iqr"), values, 100, 7),
      (Operation(.clip), [0, 0, 0, 0, 5], 5, 5), (Operation(.scale), [1, 3], 5, 3), (Operation(.log), values, 0, 0),
      (Operation(.bin), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 6, 5), (Operation(.scale), [2, 2], 2, 0),
    ]
    for (operation, values, probe, expected) in table {
      let found = try fitted(operation, values, probe)
      #expect(found == expected, "\(operation)")
    }
    #expect(try fitted(Operation(.log), values, -3) == -fitted(Operation(.log), values, 3))
  }

  @Test("Dates become their parts in UTC")
  func dates() throws {
    let times = ["2013-02-09T17:05:00Z", "2013-12-31T23:59:59Z"].map { Timestamp($0)?.milliseconds }
    let (preparation, matrix) = try fit(
      PreparationSpec([Operation(.dates)]), try Frame([.init("t", .time(times + [nil]))]))
    #expect(preparation.outputs == ["t_hour", "t_minute", "t_weekday", "t_month", "t_yearday"])
    #expect(Array(matrix.values[0..<5]) == [17, 1025, 6, 2, 40])
    #expect(Array(matrix.values[5..<10]) == [23, 1439, 2, 12, 365])
    #expect(matrix.values[10..<15].allSatisfy { $0.isNaN })
  }

  @Test("Text and times that no step turns into numbers are refused with the step to add")
  func leftOver() throws {
    let text = try #require(throws: MartletError.self) {
      try fit(PreparationSpec([]), try Frame([.init("carrier", .text(["a"]))]))
    }
    #expect(text.message.contains("'carrier'") && text.fix?.contains("encode") == true)
    let time = try #require(throws: MartletError.self) {
      try fit(PreparationSpec([]), try Frame([.init("at", .time([0]))]))
    }
    #expect(time.fix?.contains("dates") == true)
  }

  @Test("Operations that do not fit the data are refused by the column's name")
  func unfit() throws {
    let frame = try Self.frame(rows: 20, seed: 6)
    for operation in [
      Operation(.encode, method: "target", columns: ["carier"]), Operation(.scale, columns: ["carrier"]),
      Operation(.dates, columns: ["carrier"]), Operation(.drop, columns: ["nothing"]),
      Operation(.encode, method: "tarket", columns: ["carrier"]), Operation(.impute, method: "mode"),
    ] {
      #expect(throws: MartletError.self, "\(operation)") { try fit(PreparationSpec([operation]), frame) }
    }
    let crowded = try Frame([.init("t", .time([0])), .init("t_hour", .double([1]))])
    #expect(throws: MartletError.self) { try fit(PreparationSpec([Operation(.dates)]), crowded) }
    let many = try Frame([.init("c", .text((0..<300).map { "\($0)" }))])
    #expect(throws: MartletError.self) { try fit(PreparationSpec([Operation(.encode, method: "one-hot")]), many) }
  }

  @Test("A frame that lacks an input is refused by name, and text where numbers are needed")
  func wrongFrame() throws {
    let (preparation, _) = try fit(PreparationSpec([]), try Frame([.init("distance", .double([1, 2]))]))
    let error = try #require(throws: MartletError.self) {
      try preparation.matrix(from: try Frame([.init("distnace", .double([1]))]))
    }
    #expect(error.message.contains("'distance'"))
    #expect(throws: MartletError.self) {
      try preparation.matrix(from: try Frame([.init("distance", .text(["far"]))]))
    }
  }

  @Test("A saved preparation that reads what is not there is refused, never run")
  func brokenFile() throws {
    let frame = try Frame([.init("x", .double([1, 2])), .init("c", .text(["a", "b"]))])
    let (preparation, _) = try fit(
      PreparationSpec([Operation(.scale, columns: ["x"]), Operation(.encode, method: "one-hot")]), frame)
    let text = try JSON(encoding: preparation).text
    let changes = [
      (#"{"isText":true,"name":"c"}"#, #"{"isText":false,"name":"c"}"#),
      (#"{"isText":true,"name":"c"}"#, #"{"isText":true,"name":"x"}"#),
      (#"{"isText":false,"name":"x"}"#, #"{"isText":true,"name":"x"}"#),
      (#""outputs":["x","c=a","c=b"]"#, #""outputs":["y"]"#),
      (#""oneHot":{"categories":["a","b"],"column":"c"}"#, #""oneHot":{"categories":["a","b"],"column":"x"}"#),
    ]
    for (from, to) in changes {
      #expect(text.contains(from), "\(from) is not in \(text)")
      let changed: FittedPreparation = try JSON.parse(text.replacing(from, with: to)).decode()
      #expect(throws: MartletError.self, "\(to)") { try PreparationProgram(changed) }
    }
  }
}

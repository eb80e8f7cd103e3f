import MartletCore

/// The sections of a LightGBM text model: a header and one block of `key=value` lines for each tree.
struct LightGBMText {
  private(set) var header: [Substring: Substring] = [:]
  /// Words that stand alone in the header, such as `average_output`.
  private(set) var flags: Set<Substring> = []
  private(set) var trees: [[Substring: Substring]] = []

  init(_ text: String) throws {
    var lines = text.split(whereSeparator: \.isNewline)[...]
    guard lines.first == "tree" else {
      throw MartletError.invalidInput(
        "this is not a LightGBM text model: its first line is not 'tree'",
        fix: "save the model with Booster.save_model or LGBM_BoosterSaveModel")
    }
    lines.removeFirst()
    var ended = false
    for line in lines {
      if line.hasPrefix("Tree=") {
        trees.append([:])
      } else if line == "end of trees" {
        ended = true
        break
      } else {
        add(line)
      }
    }
    guard ended else {
      throw MartletError.invalidInput(
        "the LightGBM model is cut off: 'end of trees' is missing after tree \(trees.count)",
        fix: "copy the whole file again")
    }
  }

  private mutating func add(_ line: Substring) {
    guard let equals = line.firstIndex(of: "=") else {
      if trees.isEmpty { flags.insert(line) }
      return
    }
    let (key, value) = (line[..<equals], line[line.index(after: equals)...])
    if trees.isEmpty { header[key] = value } else { trees[trees.count - 1][key] = value }
  }
}

/// Reads the values of one block, naming block and key in errors.
struct LightGBMFields {
  let values: [Substring: Substring]
  let place: String

  func text(_ key: Substring) throws -> Substring {
    guard let text = values[key] else { throw broken("lacks '\(key)'") }
    return text
  }

  func integer(_ key: Substring, default fallback: Int? = nil) throws -> Int {
    if let fallback, values[key] == nil { return fallback }
    guard let number = Int(try text(key)) else { throw broken("has no whole number at '\(key)'") }
    return number
  }

  func numbers(_ key: Substring, count: Int) throws -> [Double] {
    let words = try text(key).split(separator: " ")
    let numbers = words.compactMap(Self.number)
    guard numbers.count == words.count, numbers.count == count else {
      throw broken("has \(numbers.count) numbers at '\(key)' where \(count) belong")
    }
    return numbers
  }

  func integers(_ key: Substring, count: Int) throws -> [Int] {
    try numbers(key, count: count).map { number in
      guard let whole = Int(exactly: number) else { throw broken("has a fraction at '\(key)'") }
      return whole
    }
  }

  func broken(_ what: String) -> MartletError {
    .invalidInput("the LightGBM model is broken: \(place) \(what)", fix: "copy the whole file again, or train anew")
  }

  private static func number(_ word: Substring) -> Double? {
    Double(word) ?? (word == "inf" ? .infinity : word == "-inf" ? -.infinity : word == "nan" ? .nan : nil)
  }
}

import MartletCore

/// The columns of a table while transformations are fitted, in order.
struct WorkingColumns {
  enum Values {
    case number([Double])
    case text([String?])
    /// Milliseconds since 1970.
    case time([Double])
  }

  private(set) var names: [String]
  private var values: [String: Values]

  init(_ frame: Frame, columns: [String]) throws {
    names = columns
    values = [:]
    for name in columns {
      switch try frame.column(name) {
      case .text(let texts): values[name] = .text(texts)
      case .time: values[name] = .time(try frame.numbers(name))
      default: values[name] = .number(try frame.numbers(name))
      }
    }
  }

  subscript(name: String) -> Values? { values[name] }

  func numbers(_ name: String) -> [Double]? { if case .number(let numbers)? = values[name] { numbers } else { nil } }
  func texts(_ name: String) -> [String?]? { if case .text(let texts)? = values[name] { texts } else { nil } }
  func times(_ name: String) -> [Double]? { if case .time(let times)? = values[name] { times } else { nil } }

  mutating func set(_ name: String, _ numbers: [Double]) {
    if values.updateValue(.number(numbers), forKey: name) == nil { names.append(name) }
  }

  /// Adds a column that a transformation makes; a name that is taken is an error.
  mutating func add(_ name: String, _ numbers: [Double]) throws {
    guard values[name] == nil else {
      throw MartletError.invalidInput(
        "prepare would make the column '\(name)', and there is one of that name already",
        fix: "drop or rename the column '\(name)' before this step")
    }
    set(name, numbers)
  }

  mutating func remove(_ name: String) {
    values[name] = nil
    names.removeAll { $0 == name }
  }
}

import MartletCore

/// The columns an endpoint reads from a request or adds to it, and where each value is kept.
///
/// Every column has a place in one of two row-major arrays: numbers (Double, missing is NaN) or texts (missing is
/// nil). Extra columns of a request are stepped over.
struct RowSchema: Sendable {
  struct Column: Sendable {
    var name: String
    var kind: ColumnKind
    /// Read numbers as text too: ids and keys may be written either way.
    var acceptsNumbers = false
    /// Where the value is, in the row's numbers or its texts.
    var slot = 0
    /// `"name":`, as the prediction log writes it.
    fileprivate(set) var member: [UInt8] = []
  }

  let columns: [Column]
  let numberWidth: Int
  let textWidth: Int
  let names: NameTable

  /// Column names must be unique.
  init(_ columns: [Column]) {
    var numberWidth = 0
    var textWidth = 0
    var placed = columns
    for position in placed.indices {
      JSON.write(placed[position].name, into: &placed[position].member)
      placed[position].member.append(UInt8(ascii: ":"))
      if placed[position].kind.isText {
        placed[position].slot = textWidth
        textWidth += 1
      } else {
        placed[position].slot = numberWidth
        numberWidth += 1
      }
    }
    self.columns = placed
    self.numberWidth = numberWidth
    self.textWidth = textWidth
    names = NameTable(columns.map(\.name))
  }
}

/// The rows of one request, column values at the places their schema gives.
struct RequestRows: Sendable {
  let schema: RowSchema
  private(set) var count = 0
  var numbers: [Double] = []
  var texts: [String?] = []
  /// By column position: whether the request had it at all.
  private(set) var isPresent: [Bool]
  /// By row and online view: whether the view had a row for it that was not too old. Empty before the join.
  private(set) var isJoined: [Bool] = []
  private var joinWidth = 0
  private let limit: Int

  init(schema: RowSchema, limit: Int) {
    self.schema = schema
    self.limit = limit
    isPresent = [Bool](repeating: false, count: schema.columns.count)
  }

  /// Begins a row in which everything is missing.
  mutating func appendRow() throws(RequestRefusal) {
    guard count < limit else { throw .tooLarge("A request may hold at most \(limit) rows; send the rest in another.") }
    for _ in 0..<schema.numberWidth { numbers.append(.nan) }
    for _ in 0..<schema.textWidth { texts.append(nil) }
    count += 1
  }

  mutating func markPresent(_ column: Int) { isPresent[column] = true }

  /// Makes place to note which of `width` views had a row.
  mutating func beginJoins(_ width: Int) {
    joinWidth = width
    isJoined = [Bool](repeating: false, count: count * width)
  }

  mutating func markJoined(_ row: Int, _ join: Int) { isJoined[row * joinWidth + join] = true }

  func wasJoined(_ row: Int, _ join: Int) -> Bool { isJoined[row * joinWidth + join] }

  mutating func set(_ row: Int, slot: Int, _ value: Double) { numbers[row * schema.numberWidth + slot] = value }

  mutating func set(_ row: Int, slot: Int, _ value: String?) { texts[row * schema.textWidth + slot] = value }

  func number(_ row: Int, slot: Int) -> Double { numbers[row * schema.numberWidth + slot] }

  func text(_ row: Int, slot: Int) -> String? { texts[row * schema.textWidth + slot] }

  func isMissing(_ row: Int, _ column: RowSchema.Column) -> Bool {
    column.kind.isText ? text(row, slot: column.slot) == nil : number(row, slot: column.slot).isNaN
  }

  /// A value as a key or an id is compared: text as it is, whole numbers without a decimal point.
  func key(_ row: Int, _ column: RowSchema.Column) -> String? {
    if column.kind.isText { return text(row, slot: column.slot) }
    let value = number(row, slot: column.slot)
    if value.isNaN { return nil }
    return Int64(exactly: value).map(String.init) ?? value.description
  }
}

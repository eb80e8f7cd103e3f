import MartletCore

/// One online table: for each key the last few versions of its values. Immutable.
///
/// Keeping more than the newest version lets a request with an earlier event time see what was known then.
final class OnlineTable: Sendable {
  /// The values of one key from one time on.
  struct Version: Sendable {
    /// Milliseconds since 1970; `Int64.min` for features that do not age.
    var at: Int64
    /// One for each column; text columns hold a place in `texts`.
    var numbers: [Double]
    /// One for each text column.
    var texts: [String?]
  }

  typealias Shard = [String: [Version]]

  static let shardCount = 256
  /// How many versions of one key are kept: many of few keys, few of many, so that the table stays bounded.
  static func keptVersions(keys: Int) -> Int { min(512, max(4, 1_000_000 / max(1, keys))) }
  static let keySeparator = "\u{1F}"

  let definition: OnlineTableDefinition
  /// The number of the last change; 0 before the first.
  let sequence: Int64
  /// The newest time of any row.
  let newest: Int64?
  private let shards: [Shard]

  init(definition: OnlineTableDefinition) {
    self.definition = definition
    sequence = 0
    newest = nil
    shards = [Shard](repeating: [:], count: Self.shardCount)
  }

  private init(definition: OnlineTableDefinition, sequence: Int64, newest: Int64?, shards: [Shard]) {
    self.definition = definition
    self.sequence = sequence
    self.newest = newest
    self.shards = shards
  }

  var keyCount: Int { shards.reduce(0) { $0 + $1.count } }

  /// What was known about `key` at `time`; nil when nothing was.
  func version(of key: String, at time: Int64) -> Version? {
    guard let versions = shards[Self.shard(of: key)][key] else { return nil }
    return versions.last { $0.at <= time }
  }

  /// A copy with the patch's rows in it. Rows older than those kept are dropped; the same time replaces.
  func applying(_ patch: OnlinePatch) throws -> OnlineTable {
    if let after = patch.after, after != sequence {
      throw MartletError(
        .conflict, "the online table '\(definition.name)' is at change \(sequence), the rows follow change \(after)",
        fix: "send the whole table")
    }
    var shards = patch.after == nil ? [Shard](repeating: [:], count: Self.shardCount) : self.shards
    var newest = patch.after == nil ? nil : self.newest
    let kept = Self.keptVersions(keys: shards.reduce(0) { $0 + $1.count })
    for row in patch.rows {
      let version = try version(of: row)
      if let at = row.at { newest = max(newest ?? at, at) }
      let key = row.key.joined(separator: Self.keySeparator)
      Self.insert(version, into: &shards[Self.shard(of: key)][key, default: []], keeping: kept)
    }
    return OnlineTable(definition: definition, sequence: patch.sequence, newest: newest, shards: shards)
  }

  private static func insert(_ version: Version, into versions: inout [Version], keeping kept: Int) {
    let place = versions.firstIndex { $0.at >= version.at } ?? versions.count
    if place < versions.count, versions[place].at == version.at {
      versions[place] = version
    } else {
      versions.insert(version, at: place)
    }
    if versions.count > kept { versions.removeFirst(versions.count - kept) }
    // What held a day before the newest row is asked for no more.
    while versions.count > 1, versions[1].at <= versions[versions.count - 1].at - 86_400_000 { versions.removeFirst() }
  }

  private func version(of row: OnlinePatch.Row) throws -> Version {
    guard row.key.count == definition.entity.count, row.values.count == definition.columns.count else {
      throw MartletError.invalidInput(
        "a row of the online table '\(definition.name)' has \(row.key.count) keys and \(row.values.count) values; "
          + "it needs \(definition.entity.count) and \(definition.columns.count)")
    }
    var numbers: [Double] = []
    var texts: [String?] = []
    numbers.reserveCapacity(row.values.count)
    for (column, value) in zip(definition.columns, row.values) {
      if column.kind.isText {
        numbers.append(Double(texts.count))
        texts.append(try text(value, column))
      } else {
        numbers.append(try number(value, column))
      }
    }
    return Version(at: row.at ?? .min, numbers: numbers, texts: texts)
  }

  private func number(_ value: JSON, _ column: OnlineTableDefinition.Column) throws -> Double {
    if value.isNull || value == .string("NaN") { return .nan }
    if let truth = value.boolean { return truth ? 1 : 0 }
    if let number = value.double { return number }
    if column.kind == .time, let time = value.string.flatMap(Timestamp.init) { return Double(time.milliseconds) }
    throw MartletError.invalidInput(
      "the column '\(column.name)' of '\(definition.name)' holds something that is no number")
  }

  private func text(_ value: JSON, _ column: OnlineTableDefinition.Column) throws -> String? {
    if value.isNull { return nil }
    guard let text = value.string else {
      throw MartletError.invalidInput(
        "the column '\(column.name)' of '\(definition.name)' holds something that is no text")
    }
    return text
  }

  /// FNV-1a over the key's bytes, folded to one byte.
  private static func shard(of key: String) -> Int {
    var hash: UInt32 = 0x811C_9DC5
    for byte in key.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return Int((hash ^ (hash >> 16) ^ (hash >> 8)) & 0xFF)
  }

  /// Every row as a patch that replaces the table: what is written to disk.
  var asPatch: OnlinePatch {
    let rows = shards.flatMap { shard in
      shard.sorted { $0.key < $1.key }.flatMap { key, versions in versions.map { row(key, $0) } }
    }
    return OnlinePatch(table: definition, after: nil, sequence: sequence, rows: rows)
  }

  private func row(_ key: String, _ version: Version) -> OnlinePatch.Row {
    let entities = key.split(separator: Character(Self.keySeparator), omittingEmptySubsequences: false).map(String.init)
    let values = zip(definition.columns, version.numbers).map { column, number -> JSON in
      if column.kind.isText { return version.texts[Int(number)].map(JSON.string) ?? .null }
      return number.isNaN ? .null : .double(number)
    }
    return OnlinePatch.Row(key: entities, at: version.at == .min ? nil : version.at, values: values)
  }
}

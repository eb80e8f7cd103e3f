import MartletCore
import MartletData

extension DatasetPage {
  /// The columns that every delivery is held to.
  static func contract(_ record: DatasetRecord) -> Table {
    Table(
      "Columns of the contract",
      caption: record.definition.schema == .inferred
        ? "Learned from the first delivery, enforced since." : "Declared in the project file.",
      columns: [
        .init("Column"), .init("Type"), .init("Required"), .init("Unique"), .init("Range or values"), .init("From"),
      ],
      rows: (record.contract?.columns ?? []).map { column in
        Table.Row([
          .code(column.name), .text(column.type.rawValue), .text(column.required ? "yes" : "no"),
          .text(column.unique ? "yes" : "no"), .text(accepted(column)), .text(column.learned ? "learned" : "declared"),
        ])
      }, empty: "No contract yet: it is learned from the first delivery.")
  }

  private static func accepted(_ column: SchemaColumn) -> String? {
    if let allowed = column.allowed {
      let shown = allowed.prefix(12).joined(separator: ", ")
      return allowed.count > 12 ? "\(shown), … (\(allowed.count) values)" : shown
    }
    switch (column.min, column.max) {
    case (let low?, let high?): return "\(readable(low)) to \(readable(high))"
    case (let low?, nil): return "at least \(readable(low))"
    case (nil, let high?): return "at most \(readable(high))"
    case (nil, nil): return nil
    }
  }

  static func expectations(_ definition: DatasetDefinition) -> Table {
    Table(
      "Expectations", columns: [.init("Check"), .init("When it fails")],
      rows: definition.expect.map { expectation in
        Table.Row([
          .text(expectation.name ?? expectation.title, detail: expectation.name == nil ? nil : expectation.title),
          .badge(
            Badge(
              expectation.severity == .error ? "held back" : "warning", expectation.severity == .error ? .bad : .warn)),
        ])
      }, empty: "None beyond the contract.")
  }

  static func versions(_ versions: [DataVersion], _ key: DatasetKey) -> Table {
    Table(
      "Versions", caption: "Immutable; the id is the SHA-256 of what the version is made of.",
      columns: [
        .number("Version"), .init("Id"), .init("Event time"), .init("By"), .number("Rows"), .number("Partitions"),
        .init("What changed"),
      ],
      rows: versions.map { version in
        Table.Row(
          [
            Cell(html: String(version.number)), .code(String(version.id.text.prefix(12))), .time(version.eventTime),
            .text(version.author), .count(version.rows), .count(version.partitions), .text(changes(version.changes)),
          ], id: "version-\(version.number)")
      }, empty: "No version yet.")
  }

  private static func changes(_ changes: VersionChanges) -> String {
    func words(_ partitions: [String], _ verb: String) -> String? {
      guard let first = partitions.first, let last = partitions.last else { return nil }
      return partitions.count == 1 ? "\(verb) \(first)" : "\(verb) \(partitions.count) partitions, \(first) to \(last)"
    }
    return [words(changes.added, "added"), words(changes.replaced, "replaced")].compactMap(\.self).joined(
      separator: "; ")
  }

  /// More partitions than this are listed by the API.
  private static let newest = 20

  /// Which upload each partition was made from, newest partition first.
  static func sources(_ detail: VersionDetail?, _ key: DatasetKey) -> Table {
    let partitions = detail?.partitions ?? []
    return Table(
      "Partitions and the files they came from",
      caption: partitions.count > newest ? "The newest \(newest) of \(partitions.count) partitions." : nil,
      columns: [.init("Partition"), .number("Rows"), .init("Uploaded file"), .init("Its SHA-256"), .init("Notes")],
      rows: partitions.suffix(newest).reversed().map { partition in
        Table.Row([
          .text(partition.partition, link: partitionLink(key, partition.partition)), .count(partition.rows),
          .text(partition.sourceName),
          .code(partition.source?.short),
          .text(partition.findings.isEmpty ? nil : counted(partition.findings.count, "warning")),
        ])
      }, empty: "Nothing was delivered yet.")
  }

  static func partitionLink(_ key: DatasetKey, _ partition: String) -> String {
    path(key) + "/partitions/" + (ObjectLink.pathEncoded(partition) ?? "")
  }
}

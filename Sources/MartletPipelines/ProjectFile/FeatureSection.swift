package import MartletCore

/// A feature view as the project file declares it: what pipelines themselves need, and all of it as JSON, from which
/// `MartletLifecycle` makes the features module's definition.
package struct FeatureSection: Sendable, Hashable, Codable {
  package var name: String
  /// Columns by which it is looked up.
  package var entity: [String]
  /// Column that says from when a row holds; nil: it always holds.
  package var timestamp: String?
  package var sql: SQLSource
  /// Keys and values as in the file; durations as written.
  package var json: JSON
  package var position: SourcePosition

  static func read(_ name: String, _ reader: MappingReader) -> FeatureSection? {
    let json = Shape.feature.json(reader.asNode, reader.path, reader.problems)
    guard let sql = json["sql"]?.string else { return nil }
    let entity = json["entity"]?.array?.compactMap(\.string) ?? []
    if entity.isEmpty, reader.has("entity") {
      reader.problems.add(reader.position(of: "entity"), "\(reader.path).entity needs at least one column")
    }
    return FeatureSection(
      name: name, entity: entity, timestamp: json["timestamp"]?.string, sql: SQLSource(sql), json: json,
      position: reader.position)
  }
}

/// SQL in a file of the project, or written in place.
package enum SQLSource: Sendable, Hashable, Codable {
  case file(String)
  case text(String)

  /// A single word that ends in `.sql` names a file; anything else is SQL.
  package init(_ written: String) {
    self = written.hasSuffix(".sql") && !written.contains(where: \.isWhitespace) ? .file(written) : .text(written)
  }

  package var file: String? { if case .file(let path) = self { path } else { nil } }

  /// The statement, read from the project's files where it stands in one.
  package func statement(in files: ProjectFiles) throws -> String {
    switch self {
    case .text(let text): text
    case .file(let path): try files.text(path)
    }
  }
}

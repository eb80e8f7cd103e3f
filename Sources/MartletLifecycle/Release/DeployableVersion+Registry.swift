import MartletCore
import MartletModels
import MartletRegistry
import MartletServing

extension DeployableVersion {
  /// A registered version as the scoring plane needs it: its files laid out, its features as joins on online tables.
  ///
  /// - Parameter dataFolder: the data directory; the package's folder is below it.
  init(_ version: ModelVersion, project: ProjectName, dataFolder: String, files: ModelFolder) async throws {
    guard !version.files.isEmpty else {
      throw MartletError(
        .conflict, "\(version.id) has no files on this server, so it cannot be served",
        fix: "register a version whose model was logged here")
    }
    let folder = "models/\(version.id.model)/\(version.id.version)"
    try await files.lay(out: version.files, in: "\(dataFolder)/\(folder)")
    let package: ModelPackage
    do {
      package = try ModelPackage.load(from: "\(dataFolder)/\(folder)")
    } catch let error as MartletError {
      throw MartletError(
        error.code, "\(version.id) cannot be served: \(error.message)", cause: error.cause,
        fix: "register a version that a 'train' step made")
    }
    self.init(
      modelVersion: version.id, packageFolder: folder,
      features: package.features.map { view in
        ScoringConfiguration.FeatureJoin(
          view: Self.tableName(project, view.view), entity: view.entity, values: view.columns.map(\.name),
          ttlMilliseconds: view.ttlMilliseconds)
      },
      tables: package.features.map { view in
        OnlineTableDefinition(
          name: Self.tableName(project, view.view), entity: view.entity,
          columns: view.columns.map { OnlineTableDefinition.Column($0.name, $0.type.columnKind) })
      })
  }

  /// Online tables of all projects share one scoring plane, so the project is part of the name.
  static func tableName(_ project: ProjectName, _ view: String) -> String { "\(project)/\(view)" }
}

extension FieldType {
  var columnKind: ColumnKind {
    switch self {
    case .double: .number
    case .long: .integer
    case .boolean: .boolean
    case .string: .text
    case .datetime: .time
    }
  }

  /// What a DuckDB type is to a model.
  init(sqlType: String) {
    let type = sqlType.uppercased()
    if ["VARCHAR", "UUID"].contains(type) || type.hasPrefix("ENUM") {
      self = .string
    } else if type == "BOOLEAN" {
      self = .boolean
    } else if type == "DATE" || type.hasPrefix("TIMESTAMP") {
      self = .datetime
    } else if type.hasSuffix("INT") || type.hasSuffix("INTEGER") {
      self = .long
    } else {
      self = .double
    }
  }
}

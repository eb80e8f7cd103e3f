package import MartletCore
package import MartletModels

/// A model package as the scoring plane serves it.
package struct PackageModel: ServedModel {
  private let package: ModelPackage
  package let inputs: [ServedInput]

  /// Loads the package in a folder. Blocks.
  package static func load(folder: String) throws -> any ServedModel {
    PackageModel(try ModelPackage.load(from: folder))
  }

  /// Loads the package and scores its recorded examples again; returns how many there are. Throws when one differs.
  static func prove(folder: String) throws -> Int {
    let package = try ModelPackage.load(from: folder)
    try package.prove()
    return package.examples.count
  }

  private init(_ package: ModelPackage) {
    self.package = package
    inputs = package.fields.map { ServedInput($0.name, ColumnKind($0.type), isRequired: $0.required) }
  }

  package func scores(_ rows: ModelRows) throws -> [Double] {
    let width = rows.width
    return rows.numbers.withUnsafeBufferPointer { numbers in
      rows.texts.withUnsafeBufferPointer { texts in
        (0..<rows.count).map { row in
          let range = row * width..<(row + 1) * width
          return package.score(
            numbers: UnsafeBufferPointer(rebasing: numbers[range]), texts: UnsafeBufferPointer(rebasing: texts[range]))
        }
      }
    }
  }
}

extension ColumnKind {
  /// How the scoring plane reads a field of a model's signature.
  package init(_ type: FieldType) {
    switch type {
    case .double: self = .number
    case .long: self = .integer
    case .boolean: self = .boolean
    case .string: self = .text
    case .datetime: self = .time
    }
  }
}

extension DeployableVersion {
  /// A version with what its package says about the online features it reads.
  ///
  /// - Parameter folder: the package's folder, relative to the data directory.
  package init(_ version: ModelVersionID, folder: String, package: ModelPackage) {
    self.init(
      modelVersion: version, packageFolder: folder,
      features: package.features.map {
        ScoringConfiguration.FeatureJoin(
          view: $0.view, entity: $0.entity, values: $0.columns.map(\.name), ttlMilliseconds: $0.ttlMilliseconds)
      },
      tables: package.features.map { view in
        OnlineTableDefinition(
          name: view.view, entity: view.entity,
          columns: view.columns.map { OnlineTableDefinition.Column($0.name, ColumnKind($0.type)) })
      })
  }
}

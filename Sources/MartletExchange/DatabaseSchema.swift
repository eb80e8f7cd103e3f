import MartletCore
import MartletStore

/// The schema of an MLflow database, by the revision in its `alembic_version` table.
struct DatabaseSchema: Sendable {
  /// MLflow's revisions from 2.0 on, oldest first, up to MLflow 3.17.2's (mlflow/store/db_migrations/versions).
  static let revisions = [
    "97727af70f4d", "3500859a5d39", "7f2a7d5fae7d", "2d6e25af4d3e", "acf3f17fdcc7", "867495a8f9d4", "5b0e9adcef9c",
    "4465047574b1", "f5a4f2784254", "0584bdc529eb", "400f98739977", "6953534de441", "bda7b8c39065", "cbc13b556ace",
    "770bee3ae1dd", "a1b2c3d4e5f6", "de4033877273", "1a0cddfcaa16", "534353b11cbc", "71994744cf8e", "3da73c924c2f",
    "bf29a5ff90ea", "1bd49d398cd23", "b7c8d9e0f1a2", "5d2d30f0abce", "c9d4e5f6a7b8", "2c33131f4dae", "d3e4f5a6b7c8",
    "d0e1f2a3b4c5", "c8d9e0f1a2b3", "1b5f0d9ad7c1", "e1f2a3b4c5d6", "76601a5f987d", "c3d6457b6d8a", "a5b4c3d2e1f0",
    "ae8bbe7743c9", "7d34483879f0", "da6fb0208061", "89d3d66ed43f", "b7e4c1a90f23", "a8b9c0d1e2f3", "c1d2e3f4a5b6",
    "c3d9e7f1a2b4", "6f8d9c3b2a1e", "1971f2d9a75b", "17e22815139b", "b7e2c1a4d9f3", "75868b020152", "dc11669786a5",
  ]

  let revision: String
  private let position: Int

  /// - Throws: `.invalidInput` for a revision that is older or newer than those that are known.
  init(_ revision: String) throws {
    guard let position = Self.revisions.firstIndex(of: revision) else {
      throw MartletError(
        .invalidInput, "the database's schema '\(revision.prefix(40))' is not one that this version reads",
        cause: "known are \(Self.revisions.count) revisions, from '\(Self.revisions[0])' (MLflow 2.0) to "
          + "'\(Self.revisions[Self.revisions.count - 1])' (MLflow 3.17.2)",
        fix: "when it is older: mlflow db upgrade URL, on a copy; when it is newer: import through the running server")
    }
    self.revision = revision
    self.position = position
  }

  /// Whether what a revision brought is there.
  private func has(_ revision: String) -> Bool { (Self.revisions.firstIndex(of: revision) ?? .max) <= position }

  var hasAliases: Bool { has("3500859a5d39") }
  var hasDatasets: Bool { has("7f2a7d5fae7d") }
  var hasStorageLocation: Bool { has("acf3f17fdcc7") }
  var hasLoggedModels: Bool { has("400f98739977") }
  var hasInputSteps: Bool { has("6953534de441") }
  var hasWebhooks: Bool { has("1a0cddfcaa16") }
  var hasWorkspaces: Bool { has("1b5f0d9ad7c1") }

  static func read(_ connection: any SQLConnection) throws -> DatabaseSchema {
    do {
      let revision = try connection.first("SELECT version_num FROM alembic_version") { try $0.text(0) }
      return try DatabaseSchema(revision ?? "")
    } catch let error as MartletError where error.code != .invalidInput {
      throw MartletError(
        .invalidInput, "this is no database of MLflow", cause: error.message,
        fix: "name the database that 'mlflow server --backend-store-uri' names")
    }
  }
}

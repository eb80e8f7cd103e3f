import MartletCore
import MartletLifecycle
import MartletRegistry

/// Aliases and stage of a version, set by a person: each form says what it moves, and wants that confirmed.
struct StandingForms {
  struct AliasChoice {
    var alias: String
    var consequence: String
  }

  struct StageChoice {
    var stage: String
    var isChosen: Bool
  }

  var path: String
  var version: String
  /// Aliases that name this version now.
  var own: [String]
  /// What each known alias names now.
  var known: [AliasChoice]
  var hasKnown: Bool
  var stages: [StageChoice]
  var stage: String
  var command: String

  init(_ version: ModelVersion, of model: RegisteredModel) {
    path = ObjectLink.model(version.id)
    self.version = version.id.description
    own = version.aliases.sorted()
    known = model.aliases.filter { $0.value != version.id.version }.sorted { $0.key < $1.key }.map {
      AliasChoice(alias: $0.key, consequence: "@\($0.key) names version \($0.value) now")
    }
    hasKnown = !known.isEmpty
    stage = version.stage.rawValue
    stages = ModelStage.allCases.map { StageChoice(stage: $0.rawValue, isChosen: $0 == version.stage) }
    command = "martlet model alias set ALIAS \(version.id)"
  }

  // MARK: What they do

  static func setAlias(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let id = try version(request)
    try confirmed(request, "an alias decides what clients load under it")
    try await platform.registry.setAlias(request.form["alias"] ?? "", to: id, by: request.author)
    return ObjectLink.model(id)
  }

  static func removeAlias(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let id = try version(request)
    let alias = request.form["alias"] ?? ""
    try confirmed(request, "clients that load @\(alias.prefix(60)) find nothing any more")
    guard try await platform.registry.version(id).aliases.contains(alias) else {
      throw MartletError(
        .conflict, "@\(alias.prefix(60)) does not name \(id) any more",
        fix: "look at the page again: it was moved meanwhile")
    }
    try await platform.registry.deleteAlias(alias, of: id.model, by: request.author)
    return ObjectLink.model(id)
  }

  static func setStage(_ platform: Platform, _ request: PageRequest) async throws -> String {
    let id = try version(request)
    try confirmed(request, "a stage tells people what a version is for")
    _ = try await platform.registry.move(
      id, to: try ModelStage(written: request.form["stage"] ?? ""), archivingOthers: request.form["archive"] != nil,
      by: request.author)
    return ObjectLink.model(id)
  }

  private static func confirmed(_ request: PageRequest, _ why: String) throws {
    guard request.form["confirm"] != nil else {
      throw MartletError.invalidInput(
        "this change was not confirmed: \(why)", fix: "go back and tick the box beside the button")
    }
  }

  static func version(_ request: PageRequest) throws -> ModelVersionID {
    let written = try request.name("version")
    let name: ModelName = try request.identifier("name")
    guard let number = Int(written) else {
      throw MartletError.notFound(
        "'\(written.prefix(40))' is not a version of \(name)", fix: "versions are numbers: /models/\(name)/1")
    }
    return ModelVersionID(model: name, version: number)
  }
}

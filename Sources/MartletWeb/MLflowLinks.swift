import MartletCore

/// Where the addresses of MLflow's own pages lead. What stands after a `#` never reaches a server: martlet.js turns it
/// into one of these, without the sign.
enum MLflowLinks {
  static let paths = [
    "/experiments/:id/runs/:run", "/experiments/:id/runs/:run/:tab", "/experiments/:id/runs/:run/artifacts",
    "/experiments/:id/runs/:run/artifacts/**",
    "/experiments/:id/runs", "/experiments/:id/models", "/experiments/:id/models/:model",
    "/experiments/:id/models/:model/:tab", "/models/:name/versions/:version", "/compare-runs",
    "/compare-model-versions", "/compare-experiments", "/metric",
  ]

  /// - Throws: `.invalidInput` for a comparison that names nothing that can be compared.
  static func page(_ path: String, _ request: PageRequest) throws -> String {
    switch path {
    case "/compare-runs", "/metric": return try runs(request)
    case "/compare-model-versions": return try versions(request)
    case "/compare-experiments": return "/experiments"
    case "/models/:name/versions/:version":
      return try ObjectLink.model(StandingForms.version(request))
    case _ where path.contains(":run"): return ObjectLink.run(try request.identifier("run"))
    case _ where path.contains(":model"): return ObjectLink.loggedModel(try request.name("model"))
    default: return ObjectLink.experiment(try request.identifier("id"))
    }
  }

  /// `?runs=["a","b"]&experiments=["1"]`
  private static func runs(_ request: PageRequest) throws -> String {
    guard let ids = json(request, "runs")?.array?.compactMap(\.string), !ids.isEmpty else {
      throw MartletError.invalidInput("the link names no runs", fix: "choose them on an experiment's page")
    }
    if ids.count == 1 { return ObjectLink.run(RunID(ids[0])) }
    return link("/compare", ids.map { ("run", $0) })
  }

  /// `?name="m"&runs={"id":"1","id":"2"}`
  private static func versions(_ request: PageRequest) throws -> String {
    guard let name = json(request, "name")?.string ?? request.text("name"),
      let numbers = json(request, "runs")?.object?.values.compactMap(\.string), numbers.count > 1
    else { throw MartletError.invalidInput("the link names no two versions", fix: "choose them on the model's page") }
    // Two are compared, the newest of them.
    let sorted = numbers.compactMap(Int.init).sorted().suffix(2)
    return link("/compare-versions", [("name", name)] + sorted.map { ("version", String($0)) })
  }

  private static func json(_ request: PageRequest, _ name: String) -> JSON? {
    request.text(name).flatMap { try? JSON.parse($0) }
  }
}

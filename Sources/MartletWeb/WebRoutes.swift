import HTTPTypes
package import Hummingbird
package import MartletAccess
import MartletCore
package import MartletLifecycle

/// The addresses of all pages.
package struct WebRoutes: Sendable {
  /// Who looks, or an error when what they brought does not hold.
  package typealias VisitorOf<Context> = @Sendable (Request, Context) throws -> Visitor

  let platform: Platform
  let renderer: PageRenderer
  let mode: AccessMode
  private let files: StaticFiles
  private let log: StepLogReader?
  private let ownerships: Ownerships

  /// - Parameters:
  ///   - log: reads the logs of pipeline steps; without it, pages leave them out.
  ///   - mode: whether visitors sign in.
  package init(
    platform: Platform, renderer: PageRenderer, files: StaticFiles, ownerships: Ownerships,
    mode: AccessMode = AccessMode(), log: StepLogReader? = nil
  ) {
    self.platform = platform
    self.renderer = renderer
    self.files = files
    self.ownerships = ownerships
    self.mode = mode
    self.log = log
  }

  package func addRoutes<Context: RequestContext>(
    to router: some RouterMethods<Context>, visitor: @escaping VisitorOf<Context>
  ) {
    files.addRoutes(to: router)
    let table = PageTable(router: router, routes: self, visitor: visitor)
    table.page("/", needs: .to(.overview, on: .somewhere), HomePage.load)
    table.page("/data", needs: .reading(.somewhere), DatasetsPage.load)
    table.page("/data/:project/:dataset", needs: .reading(.project), DatasetPage.load)
    table.page("/data/:project/:dataset/profile", needs: .reading(.project), ProfilePage.load)
    table.page("/data/:project/:dataset/preview", needs: .reading(.project), PreviewPage.load)
    table.page("/data/:project/:dataset/partitions/:partition", needs: .reading(.project), PartitionPage.load)
    table.form(
      "/data/:project/:dataset/quarantine/:partition/release", needs: .to(.log, on: .project), PartitionPage.release)
    table.page("/pipelines", needs: .reading(.somewhere), PipelinesPage.load)
    table.page("/pipelines/:id", needs: .reading(.pipelineRun)) { [log] in
      try await PipelineRunPage.load($0, $1, log: log)
    }
    table.page("/experiments", needs: .reading(.somewhere), ExperimentsPage.load)
    table.page("/experiments/:id", needs: .reading(.experiment), ExperimentPage.load)
    table.form("/experiments/:id/views", needs: .to(.log, on: .experiment), ExperimentPage.save)
    table.form("/experiments/:id/views/delete", needs: .to(.log, on: .experiment), ExperimentPage.delete)
    table.page("/runs/:id", needs: .reading(.run), RunPage.load)
    table.page("/runs/:id/artifacts", needs: .reading(.run), ArtifactPage.ofRun)
    table.page("/logged-models/:id", needs: .reading(.loggedModel), LoggedModelPage.load)
    table.page("/logged-models/:id/artifacts", needs: .reading(.loggedModel), ArtifactPage.ofLoggedModel)
    addArtifactRoutes(table)
    addMLflowRoutes(table)
    table.page("/compare", needs: .reading(.somewhere), ComparePage.load)
    table.page("/models", needs: .to(.overview, on: .somewhere), ModelsPage.load)
    table.page("/models/:name/:version", needs: .reading(.model), VersionPage.load)
    table.page("/compare-versions", needs: .reading(.somewhere), CompareVersionsPage.load)
    table.form("/models/:name/:version/alias", needs: .to(.register, on: .model), StandingForms.setAlias)
    table.form("/models/:name/:version/alias/remove", needs: .to(.register, on: .model), StandingForms.removeAlias)
    table.form("/models/:name/:version/stage", needs: .to(.register, on: .model), StandingForms.setStage)
    table.page("/endpoints", needs: .to(.overview, on: .somewhere), EndpointsPage.load)
    table.page("/endpoints/:name", needs: .reading(.endpoint), EndpointPage.load)
    table.form("/endpoints/:name/rollback", needs: .to(.deploy, .stop, on: .endpoint), RollbackForm.submit)
    table.page("/alerts", needs: .reading(.somewhere), AlertsPage.load)
    table.form("/alerts/:id/acknowledge", needs: .to(.run, .stop, on: .alert), AlertsPage.acknowledge)
    table.page("/audit", needs: .reading(.somewhere), AuditPage.load)
    addModelRoute(table)
    addSearchRoute(table)
    addAccessRoutes(table)
  }

  /// `/models/name@3` leads to version 3.
  private func addModelRoute<Context: RequestContext>(_ table: PageTable<Context, some RouterMethods<Context>>) {
    table.route("/models/:name", needs: .signedIn) { routes, request in
      let name = try request.name("name")
      let page = ObjectLink.page(of: "model:\(name)")
      if name.contains("@"), let page, page.split(separator: "/").count == 3 { return Self.redirect(to: page) }
      try await routes.demand(.to(.overview, on: .model), request)
      return try routes.renderer.response(try await ModelPage.load(routes.platform, request), for: request.visitor)
    }
  }

  /// Pictures and pages that somebody logged, in a sandbox.
  private func addArtifactRoutes<Context: RequestContext>(_ table: PageTable<Context, some RouterMethods<Context>>) {
    table.route("/runs/:id/artifacts/image", needs: .reading(.run)) { routes, request in
      try await ArtifactFiles.image(.run(try request.identifier("id")), routes.platform, request)
    }
    table.route("/runs/:id/artifacts/frame", needs: .reading(.run)) { routes, request in
      try await ArtifactFiles.frame(.run(try request.identifier("id")), routes.platform, request)
    }
    table.route("/logged-models/:id/artifacts/image", needs: .reading(.loggedModel)) { routes, request in
      try await ArtifactFiles.image(.loggedModel(try request.name("id")), routes.platform, request)
    }
    table.route("/logged-models/:id/artifacts/frame", needs: .reading(.loggedModel)) { routes, request in
      try await ArtifactFiles.frame(.loggedModel(try request.name("id")), routes.platform, request)
    }
  }

  /// The addresses of MLflow's own pages, as its clients and its users' bookmarks know them.
  private func addMLflowRoutes<Context: RequestContext>(_ table: PageTable<Context, some RouterMethods<Context>>) {
    for path in MLflowLinks.paths {
      table.route(RouterPath(path), needs: .signedIn) { _, request in
        Self.redirect(to: try MLflowLinks.page(path, request))
      }
    }
  }

  /// A search that means one thing leads there.
  private func addSearchRoute<Context: RequestContext>(_ table: PageTable<Context, some RouterMethods<Context>>) {
    table.route("/search", needs: .reading(.somewhere)) { routes, request in
      let query = String((request.text("q") ?? "").trimmingPrefix(while: \.isWhitespace).prefix(200))
      let hits = try await SearchPage.hits(query, routes.platform, request)
      if let target = SearchPage.target(query, hits) { return Self.redirect(to: target) }
      return try routes.renderer.response(SearchPage.load(query, hits), for: request.visitor)
    }
  }

  static func redirect(to address: String) -> Response {
    Response(status: .seeOther, headers: [.location: address, .cacheControl: "no-store"])
  }

  /// Lets the visitor pass, or throws; as the ledger names them.
  @discardableResult
  func demand(_ need: Need, _ request: PageRequest) async throws -> Author {
    try await ownerships.control.demand(
      need, of: request.visitor.caller, on: need.subject(request.optionalName), requestID: request.visitor.requestID)
  }

  /// A request whose visitor may ask for it.
  func admit(_ request: PageRequest, _ need: Need) async throws -> PageRequest {
    var admitted = request
    admitted.author = try await demand(need, request)
    admitted.sight = Sight(request.visitor.caller, ownerships)
    return admitted
  }
}

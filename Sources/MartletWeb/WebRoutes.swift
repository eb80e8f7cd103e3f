import HTTPTypes
package import Hummingbird
package import MartletCore
package import MartletLifecycle

/// The addresses of all pages.
package struct WebRoutes: Sendable {
  private let platform: Platform
  private let renderer: PageRenderer
  private let files: StaticFiles
  private let log: StepLogReader?

  /// - Parameter log: reads the logs of pipeline steps; without it, pages leave them out.
  package init(platform: Platform, renderer: PageRenderer, files: StaticFiles, log: StepLogReader? = nil) {
    self.platform = platform
    self.renderer = renderer
    self.files = files
    self.log = log
  }

  /// - Parameter author: who asks, for what forms change.
  package func addRoutes<Context: RequestContext>(
    to router: some RouterMethods<Context>, author: @escaping @Sendable (Context) -> Author
  ) {
    files.addRoutes(to: router)
    let table = Table(router: router, routes: self, author: author)
    table.page("/", HomePage.load)
    table.page("/data", DatasetsPage.load)
    table.page("/data/:project/:dataset", DatasetPage.load)
    table.page("/data/:project/:dataset/profile", ProfilePage.load)
    table.page("/data/:project/:dataset/preview", PreviewPage.load)
    table.page("/data/:project/:dataset/partitions/:partition", PartitionPage.load)
    table.form("/data/:project/:dataset/quarantine/:partition/release", PartitionPage.release)
    table.page("/pipelines", PipelinesPage.load)
    table.page("/pipelines/:id") { [log] in try await PipelineRunPage.load($0, $1, log: log) }
    table.page("/experiments", ExperimentsPage.load)
    table.page("/experiments/:id", ExperimentPage.load)
    table.form("/experiments/:id/views", ExperimentPage.save)
    table.form("/experiments/:id/views/delete", ExperimentPage.delete)
    table.page("/runs/:id", RunPage.load)
    table.page("/compare", ComparePage.load)
    table.page("/runs/:id/artifacts", ArtifactPage.ofRun)
    table.page("/logged-models/:id", LoggedModelPage.load)
    table.page("/logged-models/:id/artifacts", ArtifactPage.ofLoggedModel)
    addArtifactRoutes(table)
    addMLflowRoutes(table)
    table.page("/models", ModelsPage.load)
    table.page("/models/:name/:version", VersionPage.load)
    table.page("/compare-versions", CompareVersionsPage.load)
    table.form("/models/:name/:version/alias", StandingForms.setAlias)
    table.form("/models/:name/:version/alias/remove", StandingForms.removeAlias)
    table.form("/models/:name/:version/stage", StandingForms.setStage)
    table.page("/endpoints", EndpointsPage.load)
    table.page("/endpoints/:name", EndpointPage.load)
    table.form("/endpoints/:name/rollback", RollbackForm.submit)
    table.page("/alerts", AlertsPage.load)
    table.form("/alerts/:id/acknowledge", AlertsPage.acknowledge)
    table.page("/audit", AuditPage.load)
    addModelRoute(table)
    addSearchRoute(table)
  }

  /// `/models/name@3` leads to version 3.
  private func addModelRoute<Context: RequestContext>(_ table: Table<Context, some RouterMethods<Context>>) {
    table.route("/models/:name") { routes, request in
      let name = try request.name("name")
      let page = ObjectLink.page(of: "model:\(name)")
      if name.contains("@"), let page, page.split(separator: "/").count == 3 { return Self.redirect(to: page) }
      return try routes.renderer.response(try await ModelPage.load(routes.platform, request))
    }
  }

  /// Pictures and pages that somebody logged, in a sandbox.
  private func addArtifactRoutes<Context: RequestContext>(_ table: Table<Context, some RouterMethods<Context>>) {
    table.route("/runs/:id/artifacts/image") { routes, request in
      try await ArtifactFiles.image(.run(try request.identifier("id")), routes.platform, request)
    }
    table.route("/runs/:id/artifacts/frame") { routes, request in
      try await ArtifactFiles.frame(.run(try request.identifier("id")), routes.platform, request)
    }
    table.route("/logged-models/:id/artifacts/image") { routes, request in
      try await ArtifactFiles.image(.loggedModel(try request.name("id")), routes.platform, request)
    }
    table.route("/logged-models/:id/artifacts/frame") { routes, request in
      try await ArtifactFiles.frame(.loggedModel(try request.name("id")), routes.platform, request)
    }
  }

  /// The addresses of MLflow's own pages, as its clients and its users' bookmarks know them.
  private func addMLflowRoutes<Context: RequestContext>(_ table: Table<Context, some RouterMethods<Context>>) {
    for path in MLflowLinks.paths {
      table.route(RouterPath(path)) { _, request in Self.redirect(to: try MLflowLinks.page(path, request)) }
    }
  }

  /// A search that means one thing leads there.
  private func addSearchRoute<Context: RequestContext>(_ table: Table<Context, some RouterMethods<Context>>) {
    table.route("/search") { routes, request in
      let query = String((request.text("q") ?? "").trimmingPrefix(while: \.isWhitespace).prefix(200))
      let hits = try await SearchPage.hits(query, routes.platform)
      if let target = SearchPage.target(query, hits) { return Self.redirect(to: target) }
      return try routes.renderer.response(SearchPage.load(query, hits))
    }
  }

  private static func redirect(to address: String) -> Response {
    Response(status: .seeOther, headers: [.location: address, .cacheControl: "no-store"])
  }

  /// Adds pages to a router.
  private struct Table<Context: RequestContext, Router: RouterMethods<Context>> {
    var router: Router
    var routes: WebRoutes
    var author: @Sendable (Context) -> Author

    func route(_ path: RouterPath, _ answer: @escaping @Sendable (WebRoutes, PageRequest) async throws -> Response) {
      router.get(path) { [routes, author] request, context in
        try await answer(routes, try PageRequest(request, context, author: author(context)))
      }
    }

    func page(_ path: RouterPath, _ load: @escaping @Sendable (Platform, PageRequest) async throws -> Page) {
      route(path) { routes, request in try routes.renderer.response(try await load(routes.platform, request)) }
    }

    /// A form that changes something and then leads to a page.
    func form(_ path: RouterPath, _ change: @escaping @Sendable (Platform, PageRequest) async throws -> String) {
      router.post(path) { [routes, author] request, context in
        var asked = try PageRequest(request, context, author: author(context))
        try await asked.readForm(request)
        return WebRoutes.redirect(to: try await change(routes.platform, asked))
      }
    }
  }
}

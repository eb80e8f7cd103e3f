import Hummingbird
import Logging
import MartletAccess
import MartletCore
import MartletLifecycle
import MartletPipelines
import MartletWeb

/// The pages for people, beside the APIs for programs.
struct Pages: Sendable {
  private let routes: WebRoutes
  private let renderer: PageRenderer
  private let mode: AccessMode

  /// Nil, with a warning, where the pages' files are missing: the APIs work without them.
  init?(_ plane: ControlPlane) async {
    do {
      let files = try StaticFiles()
      let mode = plane.configuration.access
      renderer = try await PageRenderer(files: files, version: plane.configuration.version, prefix: mode.prefix)
      let runner = plane.loop.runner
      let log = StepLogReader { try await runner.log($0, step: $1, from: $2) }
      routes = WebRoutes(
        platform: plane.platform, renderer: renderer, files: files, ownerships: plane.ownerships, mode: mode, log: log)
      self.mode = mode
    } catch {
      plane.logger.warning("There are no pages; the APIs work.", metadata: ["cause": "\(error)"])
      return nil
    }
  }

  func add(to router: Router<ServerContext>) {
    routes.addRoutes(to: router) { [mode] request, context in
      Visitor(
        try context.caller, session: context.session, peer: Authentication.peer(request, context, mode),
        requestID: context.id)
    }
  }

  var errorPage: RequestErrors<ServerContext>.ErrorPage {
    { [renderer] error, status in try renderer.response(error, status: status.code) }
  }
}

/// What the pages find beside the binary.
package enum PageFiles {
  /// The folder with the libraries for charts; nil where pages show tables instead.
  package static var chartLibraries: String? { StaticFiles.fetchedFolder }
}

import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import MartletAccess
import MartletArtifacts
import MartletCore
import MartletEngines
import MartletJobs
import MartletLedger
import MartletLifecycle
import MartletPipelines
import MartletServing
import MartletTesting

@testable import MartletWeb

/// A whole platform in a temporary folder with its pages, without a server around it.
struct PageWorld {
  let loop: ControlLoop
  let renderer: PageRenderer
  let files: StaticFiles
  let author = Author(name: "ada", role: "data scientist")
  let now = Timestamp(year: 2013, month: 7, day: 1)

  var platform: Platform { loop.platform }

  /// Nothing in it.
  init() async throws {
    let folder = try TemporaryFolder.make()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let database = try await TestDatabase.sqlite()
    let artifacts = ArtifactStore(root: folder + "/artifacts")
    try await artifacts.prepare()
    try FileManager.default.createDirectory(atPath: folder + "/scratch", withIntermediateDirectories: true)
    let jobs = JobRunner.inProcess(
      handlers: PlatformJobs.handlers, engines: (try? TestEngines.folder().path) ?? "", scratch: folder + "/scratch")
    let platform = Platform(
      version: "test", dataFolder: folder, clock: .fixed(now), database: database, artifacts: artifacts, jobs: jobs,
      ledger: Ledger(database: database), logger: logger,
      connect: { throw MartletError(.unavailable, "there is no scoring plane in this test") })
    loop = ControlLoop(platform: platform, logger: logger)
    files = try StaticFiles()
    renderer = try await PageRenderer(files: files, version: "test")
  }

  /// What a request to a page gives.
  struct Answer {
    var status: Int
    var html: String
    var location: String?
    var contentType: String?
    var contentPolicy: String?
  }

  func get(_ path: String) async throws -> Answer { try await send(path, .get) }

  /// Sends a form as a browser does.
  func post(_ path: String, _ form: String = "") async throws -> Answer {
    try await send(
      path, .post, body: ByteBuffer(string: form), headers: [.contentType: "application/x-www-form-urlencoded"])
  }

  private func send(_ path: String, _ method: HTTPRequest.Method, body: ByteBuffer? = nil, headers: HTTPFields = [:])
    async throws
    -> Answer
  {
    try await Application(router: router).test(.router) { client in
      try await client.execute(uri: path, method: method, headers: headers, body: body) { response in
        Answer(
          status: response.status.code, html: String(buffer: response.body), location: response.headers[.location],
          contentType: response.headers[.contentType], contentPolicy: response.headers[.contentSecurityPolicy])
      }
    }
  }

  private var router: Router<BasicRequestContext> {
    let router = Router()
    router.add(middleware: ErrorPages(renderer: renderer))
    let runner = loop.runner
    let log = StepLogReader { try await runner.log($0, step: $1, from: $2) }
    WebRoutes(
      platform: platform, renderer: renderer, files: files, ownerships: Ownerships(platform: platform), log: log
    ).addRoutes(to: router) { [author] _, _ in Visitor(.local(author.name)) }
    return router
  }
}

/// Shows errors as pages; in the server, its own middleware does.
private struct ErrorPages: RouterMiddleware {
  typealias Context = BasicRequestContext
  let renderer: PageRenderer

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws
    -> Response
  {
    do { return try await next(request, context) } catch let error as MartletError {
      let status = error.code == .notFound ? 404 : error.code == .internalError ? 500 : 400
      return try renderer.response(error, status: status)
    }
  }
}

import HTTPTypes
package import Hummingbird
package import MartletAccess
import MartletCore
import Mustache
import NIOCore

/// Turns a page's model into HTML: its own template inside the layout.
package struct PageRenderer: Sendable {
  private let templates: MustacheLibrary
  private let files: StaticFiles
  private let version: String
  private let prefix: PathPrefix

  /// - Parameters:
  ///   - version: what the footer shows.
  ///   - prefix: where the pages lie.
  package init(files: StaticFiles, version: String, prefix: PathPrefix = PathPrefix()) async throws {
    templates = try await MustacheLibrary(directory: try WebResources.folder() + "/Templates")
    self.files = files
    self.version = version
    self.prefix = prefix
  }

  /// - Parameter visitor: whom the frame shows as signed in.
  package func response(_ page: Page, for visitor: Visitor? = nil, status: HTTPResponse.Status = .ok) throws -> Response
  {
    let html = try html(page, for: visitor)
    var headers: HTTPFields = [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"]
    if page.framesOwnPages { headers[.contentSecurityPolicy] = ContentPolicy.framingOwnPages }
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: html)))
  }

  func html(_ page: Page, for visitor: Visitor? = nil) throws -> String {
    guard let content = templates.render(page.model, withTemplate: page.template) else {
      throw MartletError(.internalError, "the page template '\(page.template)' is missing")
    }
    let layout: [String: Any?] = [
      "title": page.title, "content": content, "stylesheet": files.link("martlet.css"),
      "script": files.link("martlet.js"), "echarts": files.optionalLink("echarts.esm.min.js"),
      "refresh": page.refreshSeconds, "hasCrumbs": !page.crumbs.isEmpty, "crumbs": page.crumbs,
      "navigation": Section.allCases.map { section in
        ["label": section.label, "link": section.link, "current": section == page.section] as [String: Any]
      },
      "version": version, "apiLink": page.apiLink, "command": page.command, "visitor": visitor?.frame,
    ]
    guard let html = templates.render(layout.compactMapValues(\.self), withTemplate: "layout") else {
      throw MartletError(.internalError, "the page layout is missing")
    }
    return prefix.applied(to: html)
  }
}

/// One page: a title, where it stands, and what its template shows.
package struct Page {
  var title: String
  var section: Section?
  var crumbs: [Link] = []
  var template: String
  var model: Any
  /// Live pages ask for themselves again this often.
  var refreshSeconds: Int?
  /// It shows pages of this server in frames.
  var framesOwnPages = false
  /// The same content from the native API, and from the command line.
  var apiLink: String?
  var command: String?
}

/// A link with its text.
struct Link {
  var label: String
  var link: String
}

/// The entries of the main navigation.
enum Section: CaseIterable {
  case home, data, pipelines, experiments, models, endpoints, alerts, audit

  var label: String {
    switch self {
    case .home: "Home"
    case .data: "Data"
    case .pipelines: "Pipelines"
    case .experiments: "Experiments"
    case .models: "Models"
    case .endpoints: "Endpoints"
    case .alerts: "Alerts"
    case .audit: "Audit"
    }
  }

  var link: String { self == .home ? "/" : "/" + label.lowercased() }
}

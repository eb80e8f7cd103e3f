import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletLifecycle

/// Adds pages to a router, each with what its visitor must be allowed to do.
struct PageTable<Context: RequestContext, Router: RouterMethods<Context>> {
  var router: Router
  var routes: WebRoutes
  var visitor: WebRoutes.VisitorOf<Context>

  typealias Answer = @Sendable (WebRoutes, PageRequest) async throws -> Response

  func route(_ path: RouterPath, needs: Need, _ answer: @escaping Answer) {
    router.get(path) { [routes, visitor] request, context in
      let asked = try PageRequest(request, context, visitor: try Self.visitor(request, context, needs, visitor))
      return try await answer(routes, try await routes.admit(asked, needs))
    }
  }

  /// What a form is answered with.
  func submission(_ path: RouterPath, needs: Need, _ answer: @escaping Answer) {
    router.post(path) { [routes, visitor] request, context in
      let asked = try PageRequest(request, context, visitor: try Self.visitor(request, context, needs, visitor))
      var admitted = try await routes.admit(asked, needs)
      try await admitted.readForm(request)
      return try await answer(routes, admitted)
    }
  }

  func page(
    _ path: RouterPath, needs: Need, _ load: @escaping @Sendable (Platform, PageRequest) async throws -> Page
  ) {
    route(path, needs: needs) { routes, request in
      try routes.renderer.response(try await load(routes.platform, request), for: request.visitor)
    }
  }

  /// A form that changes something and then leads to a page.
  func form(
    _ path: RouterPath, needs: Need, _ change: @escaping @Sendable (Platform, PageRequest) async throws -> String
  ) {
    submission(path, needs: needs) { routes, request in
      WebRoutes.redirect(to: try await change(routes.platform, request))
    }
  }

  /// Pages that are open to everybody do not mind credentials that do not hold.
  private static func visitor(
    _ request: Request, _ context: Context, _ needs: Need, _ find: WebRoutes.VisitorOf<Context>
  ) throws -> Visitor {
    do {
      return try find(request, context)
    } catch  where needs == .open {
      return Visitor(.anonymous)
    }
  }
}

import HTTPTypes
import MartletAccess
import MartletCore
import MartletFeatures

/// Feature views and how fresh their online values are.
struct FeatureRoutes: APIRoutes {
  let features: FeatureCatalog

  var routes: [APIRoute] {
    [
      APIRoute(
        .get, "/projects/{project}/features", "listFeatureViews", "A project's feature views",
        needs: .reading(.project), response: .json(.page(of: .any))
      ) { request in
        let views = try await features.views(of: try request.identifier("project"))
        return .items(try views.map { try JSON(snakeCase: $0) })
      },
      APIRoute(
        .get, "/projects/{project}/features/{view}", "getFeatureView", "One feature view", needs: .reading(.project),
        response: .json(.any)
      ) { request in
        try .encoding(try await features.view(try request.identifier("project"), try request.parameter("view")))
      },
      APIRoute(
        .get, "/projects/{project}/freshness", "getFreshness", "How current each view's online values are",
        needs: .reading(.project), response: .json(.page(of: .any))
      ) { request in
        let found = try await features.freshness(of: try request.identifier("project"))
        return .items(try found.map { try JSON(snakeCase: $0) })
      },
    ]
  }
}

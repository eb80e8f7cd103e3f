import HTTPTypes
import MartletAccess
import MartletCore
import MartletTracking

/// Saved ways to look at an experiment's runs.
extension ExperimentRoutes {
  var listViews: APIRoute {
    APIRoute(
      .get, "/experiments/{experiment}/views", "listRunViews", "The saved views of an experiment's runs",
      needs: .reading(.experimentNamed), response: .json(.page(of: Self.view))
    ) { request in
      let found = try await experiment(try request.parameter("experiment"))
      return .items(try await tracker.views(of: found.id).map(Self.json))
    }
  }

  var saveView: APIRoute {
    APIRoute(
      .put, "/experiments/{experiment}/views/{view}", "saveRunView",
      "Save a view under a name: what stands after the question mark of the page's address",
      needs: .to(.log, on: .experimentNamed),
      body: .json(.object(["query": .text], required: ["query"])), response: .json(Self.view)
    ) { request in
      let found = try await experiment(try request.parameter("experiment"))
      return .json(
        Self.json(
          try await tracker.saveView(
            named: try request.parameter("view"), query: request.json["query"]?.string ?? "", of: found.id,
            by: request.author)))
    }
  }

  var deleteView: APIRoute {
    APIRoute(
      .delete, "/experiments/{experiment}/views/{view}", "deleteRunView", "Delete a saved view",
      needs: .to(.log, on: .experimentNamed), response: .noContent
    ) { request in
      let found = try await experiment(try request.parameter("experiment"))
      try await tracker.deleteView(named: try request.parameter("view"), of: found.id, by: request.author)
      return .empty
    }
  }

  private static func json(_ view: RunView) -> JSON {
    [
      "name": .string(view.name), "query": .string(view.query), "saved_by": .string(view.savedBy),
      "saved": .string(view.savedTime.description),
    ]
  }

  private static let view = APISchema.named(
    "RunView",
    .object(["name": .text, "query": .text, "saved_by": .text, "saved": .time], required: ["name", "query"]))
}

import HTTPTypes
import Hummingbird
import Logging
import MartletCore
import Testing

@testable import MartletServer

@Suite("The router and the OpenAPI document come from one table")
struct RouteTableTests {
  @Test("Every route of the native API is in the document, and every operation of the document is routed")
  func sameRoutes() async throws {
    let plane = try await ControlPlane(configuration: TestServer.configuration(), logger: Logger(label: "test"))
    let measures = RequestMeasures()
    let router = try await buildRouter(
      plane: plane, address: LocalAddress(host: "127.0.0.1", port: 1), measures: measures)
    let routed = Set(
      router.routes.filter { $0.path.description.hasPrefix("/api/v1") && $0.method != .head }.map {
        "\($0.method) \($0.path)"
      })
    let document = Routes(plane, measures: measures).document
    let described = Set(
      (document["paths"]?.object ?? [:]).flatMap { path, operations in
        (operations.object ?? [:]).keys.map { "\($0.uppercased()) \(path)" }
      })
    #expect(routed.subtracting(["GET /api/v1/openapi.json"]) == described)
    await plane.close()
  }

  @Test("Every operation has a name of its own, a summary, and its path's parameters")
  func operations() async throws {
    let plane = try await ControlPlane(configuration: TestServer.configuration(), logger: Logger(label: "test"))
    let routes = Routes(plane, measures: RequestMeasures()).all
    #expect(Set(routes.map(\.operation)).count == routes.count)
    for route in routes {
      #expect(!route.summary.isEmpty && route.path.hasPrefix("/"), "\(route.path)")
      #expect(Set(route.pathParameters).count == route.pathParameters.count, "\(route.path)")
    }
    await plane.close()
  }

  @Test("Every member and parameter that the document names is snake_case")
  func snakeCase() async throws {
    let plane = try await ControlPlane(configuration: TestServer.configuration(), logger: Logger(label: "test"))
    let document = Routes(plane, measures: RequestMeasures()).document
    var names: Set<String> = []
    func collect(_ json: JSON) {
      for (key, value) in json.object ?? [:] {
        if key == "properties" { names.formUnion((value.object ?? [:]).keys) }
        if key == "parameters" { names.formUnion((value.array ?? []).compactMap { $0["name"]?.string }) }
        collect(value)
      }
      (json.array ?? []).forEach(collect)
    }
    collect(document)
    #expect(names.isSuperset(of: ["first_at", "acknowledged_by", "page_token"]))
    #expect(names.filter { $0.contains(where: \.isUppercase) || $0.contains("-") } == [])
    await plane.close()
  }
}

import MartletCore
import MartletLifecycle
import MartletRegistry
import Testing

@testable import MartletWeb

@Suite("Pages of models")
struct ModelPagesTests {
  @Test("Models are searched by MLflow's grammar; a bad filter is shown with what is wrong")
  func search() async throws {
    let world = try await PageWorld.furnished()
    #expect(try await world.get("/models?filter=name+%3D+%27flight-delay%27").html.contains("1 model"))
    #expect(try await world.get("/models?filter=name+%3D+%27other%27").html.contains("No model matches"))
    let bad = try await world.get("/models?filter=colour+%3D+1")
    #expect(bad.status == 200)
    #expect(bad.html.contains("filter-problem"))
    #expect(bad.html.contains(#"value="colour = 1""#))
  }

  @Test("Two versions are compared; anything but two different ones is refused")
  func comparison() async throws {
    let world = try await PageWorld.furnished()
    let html = try await world.get("/compare-versions?name=flight-delay&version=1&version=2").html
    for text in ["version 1 → version 2", "ROC AUC", "+0.01", "The same in both."] {
      #expect(html.contains(text), "\(text)")
    }
    for query in ["version=1", "version=1&version=1", "version=1&version=x", "version=1&version=2&version=3", ""] {
      #expect(try await world.get("/compare-versions?name=flight-delay&\(query)").status == 400, "\(query)")
    }
    #expect(try await world.get("/compare-versions?name=flight-delay&version=1&version=9").status == 404)
  }

  @Test("An alias and a stage are set by forms that want the change confirmed, and the ledger says who did")
  func standing() async throws {
    let world = try await PageWorld.furnished()
    let page = "/models/flight-delay/1"
    for (form, body) in [
      ("alias", "alias=candidate"), ("alias/remove", "alias=champion"), ("stage", "stage=Production"),
    ] {
      #expect(try await world.post("\(page)/\(form)", body).status == 400, "\(form)")
    }
    let version = ModelVersionID(model: "flight-delay", version: 1)
    #expect(try await world.platform.registry.version(version).aliases.isEmpty)
    #expect(try await world.post("\(page)/alias", "alias=champion&confirm=1").location == page)
    #expect(try await world.platform.registry.version(version).aliases == ["champion"])
    #expect(try await world.get(page).html.contains("Remove @champion"))
    // The other version no longer has it: a page that was open meanwhile removes nothing.
    #expect(try await world.post("/models/flight-delay/2/alias/remove", "alias=champion&confirm=1").status == 400)
    #expect(try await world.post("\(page)/alias/remove", "alias=champion&confirm=1").location == page)
    #expect(try await world.platform.registry.version(version).aliases.isEmpty)
    #expect(try await world.post("\(page)/stage", "stage=production&confirm=1&archive=1").location == page)
    #expect(try await world.platform.registry.version(version).stage == .production)
    for body in ["alias=&confirm=1", "alias=latest&confirm=1", "alias=a+b&confirm=1"] {
      #expect(try await world.post("\(page)/alias", body).status == 400, "\(body)")
    }
    #expect(try await world.post("\(page)/stage", "stage=Live&confirm=1").status == 400)
    #expect(try await world.post("/models/flight-delay/9/alias", "alias=x&confirm=1").status == 404)
    #expect(try await world.get("/audit").html.contains("model.alias.set"))
  }
}

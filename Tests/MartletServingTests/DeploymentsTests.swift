import MartletCore
import MartletStore
import MartletTesting
import Synchronization
import Testing

@testable import MartletServing

@Suite("Deployments: the truth about what is live")
struct DeploymentsTests {
  private static let now = Timestamp(milliseconds: 1_364_774_400_000)
  private static let author = Author(name: "ann", role: "devops")
  private static let canary = EndpointDefinition(
    name: "e", project: "p", strategy: .canary, traffic: [0.1, 1], holdRequests: 100)

  private static func version(_ number: Int) -> DeployableVersion {
    DeployableVersion(
      modelVersion: ModelVersionID(model: "m", version: number), packageFolder: "packages/m@\(number)",
      features: [.init(view: "w", entity: ["origin"], values: ["wind"] + (number > 1 ? ["sky"] : []))],
      tables: [
        .init(name: "w", entity: ["origin"], columns: [.init("wind")] + (number > 1 ? [.init("sky", .text)] : []))
      ])
  }

  private func opened(_ kind: TestDatabase.Kind, _ definition: EndpointDefinition = canary) async throws -> Deployments
  {
    let deployments = Deployments(database: try await kind.open()) { _ in }
    try await deployments.define(definition, by: Self.author, at: Self.now)
    return deployments
  }

  @Test(
    "The first version is live at once, the next is a canary until it held, then it is champion",
    arguments: TestDatabase.kinds)
  func rollsOut(kind: TestDatabase.Kind) async throws {
    let deployments = try await opened(kind)
    let first = try await deployments.start(Self.version(1), on: "e", by: Self.author, at: Self.now)
    #expect(first.status == .promoted && first.share == 1)
    let second = try await deployments.start(Self.version(2), on: "e", by: Self.author, at: Self.now)
    #expect(second.status == .underWay && second.share == 0.1 && second.former == "m@1")
    var variants = try await deployments.endpoint("e").variants
    #expect(variants.map(\.share) == [0.9, 0.1])
    let epoch = try await deployments.configuration().epoch

    let enough = Rollout.Evidence(answeredRows: 100, challengerRows: 10)
    let waiting = Rollout.Evidence(answeredRows: 99, challengerRows: 10)
    #expect(try await deployments.advance("e", evidence: waiting, verdict: .init(passes: true), at: Self.now) == nil)
    #expect(try await deployments.configuration().epoch == epoch)
    let next = try await deployments.advance("e", evidence: enough, verdict: .init(passes: true), at: Self.now)
    #expect(next?.share == 1 && next?.status == .underWay)
    let done = try await deployments.advance("e", evidence: enough, verdict: .init(passes: true), at: Self.now)
    #expect(done?.status == .promoted)
    variants = try await deployments.endpoint("e").variants
    #expect(variants.map(\.modelVersion.version) == [2] && variants.map(\.share) == [1])
    #expect(try await deployments.configuration().epoch == epoch + 2)
    #expect(try await deployments.deployments(of: "e").map(\.version.version) == [2, 1])
  }

  @Test(
    "A challenger whose gate fails is rolled back, the champion keeps everything, and the reason is kept",
    arguments: TestDatabase.kinds)
  func rollsBack(kind: TestDatabase.Kind) async throws {
    let deployments = try await opened(kind)
    _ = try await deployments.start(Self.version(1), on: "e", by: Self.author, at: Self.now)
    _ = try await deployments.start(Self.version(2), on: "e", by: Self.author, at: Self.now)
    await #expect(throws: MartletError.self) {
      try await deployments.start(Self.version(3), on: "e", by: Self.author, at: Self.now)
    }
    let back = try await deployments.advance(
      "e", evidence: .init(answeredRows: 600, challengerRows: 60),
      verdict: .init(passes: false, reason: "error_rate 100 % is not < 0.5 %"), at: Self.now)
    #expect(back?.status == .rolledBack && back?.reason == "error_rate 100 % is not < 0.5 %")
    #expect(try await deployments.endpoint("e").variants.map(\.modelVersion.version) == [1])
    await #expect(throws: MartletError.self) {
      try await deployments.rollBack("e", reason: "again", by: Self.author, at: Self.now)
    }
    await #expect(throws: MartletError.self) {
      try await deployments.promote("e", reason: nil, by: Self.author, at: Self.now)
    }
    let again = try await deployments.start(Self.version(2), on: "e", by: Self.author, at: Self.now)
    #expect(again.status == .underWay && again.id != back?.id)
  }

  @Test("A person may promote without waiting, and return to the version before", arguments: TestDatabase.kinds)
  func obeysPeople(kind: TestDatabase.Kind) async throws {
    let deployments = try await opened(kind)
    _ = try await deployments.start(Self.version(1), on: "e", by: Self.author, at: Self.now)
    _ = try await deployments.start(Self.version(2), on: "e", by: Self.author, at: Self.now)
    #expect(try await deployments.promote("e", reason: nil, by: Self.author, at: Self.now).share == 1)
    let done = try await deployments.promote("e", reason: "in a hurry", by: Self.author, at: Self.now)
    #expect(done.status == .promoted && done.reason == "in a hurry")
    let back = try await deployments.rollBack("e", reason: "complaints", by: Self.author, at: Self.now)
    #expect(back.id == done.id && back.status == .rolledBack)
    #expect(try await deployments.endpoint("e").variants.map(\.modelVersion.version) == [1])
  }

  @Test("Deploying what is live or on its way again changes nothing")
  func repeats() async throws {
    let deployments = try await opened(.sqlite)
    let first = try await deployments.start(Self.version(1), on: "e", by: Self.author, at: Self.now)
    #expect(try await deployments.start(Self.version(1), on: "e", by: Self.author, at: Self.now) == first)
    let second = try await deployments.start(Self.version(2), on: "e", by: Self.author, at: Self.now)
    #expect(try await deployments.start(Self.version(2), on: "e", by: Self.author, at: Self.now) == second)
    let epoch = try await deployments.configuration().epoch
    try await deployments.define(Self.canary, by: Self.author, at: Self.now)
    #expect(try await deployments.configuration().epoch == epoch)
  }

  @Test("A version that cannot be proved is not deployed")
  func proves() async throws {
    let deployments = Deployments(database: try await TestDatabase.sqlite()) { folder in
      throw MartletError(.checkFailed, "the model in \(folder) answers otherwise")
    }
    try await deployments.define(Self.canary, by: Self.author, at: Self.now)
    await #expect(throws: MartletError.self) {
      try await deployments.start(Self.version(1), on: "e", by: Self.author, at: Self.now)
    }
    #expect(try await deployments.deployments(of: "e").isEmpty)
    #expect(try await deployments.configuration().endpoints.isEmpty)
  }

  @Test("The configuration joins the features of all versions that are live")
  func merges() async throws {
    let deployments = try await opened(.sqlite)
    _ = try await deployments.start(Self.version(1), on: "e", by: Self.author, at: Self.now)
    _ = try await deployments.start(Self.version(2), on: "e", by: Self.author, at: Self.now)
    let configuration = try await deployments.configuration()
    try configuration.validate()
    #expect(configuration.endpoints[0].features[0].values.sorted() == ["sky", "wind"])
    #expect(configuration.tables[0].columns.count == 2)
  }

  @Test("An unknown endpoint is 'not found', with a suggestion")
  func suggests() async throws {
    let deployments = try await opened(.sqlite)
    await #expect {
      try await deployments.endpoint("ee")
    } throws: { error in
      (error as? MartletError)?.message.contains("did you mean 'e'") == true
    }
  }
}

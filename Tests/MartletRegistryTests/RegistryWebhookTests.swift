import Foundation
import MartletCore
import MartletLedger
import MartletRegistry
import MartletStore
import MartletTesting
import Testing

private let ann = Author(name: "ann", role: "admin")
private let now = Timestamp(milliseconds: 1_700_000_000_000)

@Suite("Webhooks of the registry")
struct RegistryWebhookTests {
  private let folder: String
  private let created = RegistryEvent(.modelVersion, .created)

  init() throws { folder = try TemporaryFolder.make() }

  private func webhooks(_ database: any Database) -> RegistryWebhooks {
    RegistryWebhooks(
      database: database, clock: .fixed(now), seal: SecretSeal(keyFile: folder + "/key"),
      checkAddress: { url in
        guard url.hasPrefix("https://") else { throw MartletError.invalidInput("not there") }
      })
  }

  private func new(_ name: String = "ci", url: String = "https://h.example/x", secret: String? = nil) -> NewWebhook {
    NewWebhook(name: name, url: url, events: [created, .init(.modelVersionTag, .set), created], secret: secret)
  }

  @Test("A webhook reads as it was created and changed, each event once", arguments: TestDatabase.kinds)
  func roundTrip(kind: TestDatabase.Kind) async throws {
    let webhooks = webhooks(try await kind.open())
    let first = try await webhooks.create(new(), by: ann)
    #expect(first.events.map(\.description) == ["model_version.created", "model_version_tag.set"])
    #expect(try await webhooks.webhook(first.id) == first)
    let changed = try await webhooks.update(
      first.id, WebhookChange(name: "cd", events: [.init(.promptAlias, .deleted)], status: .disabled), by: ann)
    #expect(changed.name == "cd" && changed.url == first.url && changed.status == .disabled)
    #expect(try await webhooks.webhook(first.id) == changed)
    let second = try await webhooks.create(new("b"), by: ann)
    let page = try await webhooks.webhooks(limit: 1)
    let rest = try await webhooks.webhooks(limit: 1, pageToken: page.nextToken)
    #expect(Set((page.items + rest.items).map(\.id)) == [first.id, second.id] && rest.nextToken == nil)
    try await webhooks.delete(first.id, by: ann)
    await #expect(throws: MartletError(.notFound, "Webhook with ID '\(first.id)' not found.")) {
      try await webhooks.webhook(first.id)
    }
    #expect(try await webhooks.address(of: first.id) == nil)
  }

  @Test("A secret is sealed where it lies, opened for sending, and in no ledger entry", arguments: TestDatabase.kinds)
  func secrets(kind: TestDatabase.Kind) async throws {
    let database = try await kind.open()
    let webhooks = webhooks(database)
    let webhook = try await webhooks.create(new(secret: "open sesame"), by: ann)
    #expect(webhook.isSigned)
    #expect(try await webhooks.address(of: webhook.id)?.secret == "open sesame")
    let stored = try await database.read { try $0.first("SELECT secret FROM webhooks") { try $0.text(0) } }
    #expect(try #require(stored).contains("sesame") == false)
    let mode = try FileManager.default.attributesOfItem(atPath: folder + "/key")[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try await self.webhooks(database).address(of: webhook.id)?.secret == "open sesame", "a server later")

    let renamed = try await webhooks.update(webhook.id, WebhookChange(name: "x"), by: ann)
    #expect(renamed.isSigned, "it stays where it is not named")
    _ = try await webhooks.update(webhook.id, WebhookChange(secret: "other sesame"), by: ann)
    #expect(try await webhooks.address(of: webhook.id)?.secret == "other sesame")
    let unsigned = try await webhooks.update(webhook.id, WebhookChange(secret: ""), by: ann)
    #expect(!unsigned.isSigned)
    #expect(try await webhooks.address(of: webhook.id)?.secret == nil)
    let entries = try await Ledger(database: database).entries(matching: LedgerFilter(), limit: 100).items
    #expect(entries.count == 4 && entries.allSatisfy { $0.author == ann })
    let text = entries.map { ($0.entry.before?.text ?? "") + ($0.entry.after?.text ?? "") }.joined()
    #expect(!text.contains("sesame") && !text.contains("h.example"), "an address is a credential, too")
  }

  @Test("A key that is missing, that others can read or that is another one opens nothing, and says so")
  func keys() async throws {
    let database = try await TestDatabase.Kind.sqlite.open()
    let webhook = try await webhooks(database).create(new(secret: "open sesame"), by: ann)
    let key = folder + "/key"
    func problem() async -> MartletError? {
      await #expect(throws: MartletError.self) { try await self.webhooks(database).address(of: webhook.id) }
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: key)
    #expect(await problem()?.fix == "chmod 600 \(key)")
    try FileManager.default.removeItem(atPath: key)
    #expect(await problem()?.cause == "the key file is missing")
    _ = try await webhooks(database).create(new(secret: "another"), by: ann)
    #expect(await problem()?.cause == "it was sealed with another key")
    #expect(await problem()?.description.contains("sesame") == false)
  }

  @Test("A sealed secret that is moved to another webhook does not open")
  func moved() async throws {
    let seal = SecretSeal(keyFile: folder + "/key")
    let sealed = try await seal.seal("s", of: "a")
    #expect(try await seal.open(sealed, of: "a") == "s")
    await #expect(throws: MartletError.self) { try await seal.open(sealed, of: "b") }
    await #expect(throws: MartletError.self) { try await seal.open("nonsense", of: "a") }
  }

  @Test(
    "Names, addresses and events are checked before anything is kept",
    arguments: [
      ("", "https://x"), ("-a", "https://x"), ("a b", "https://x"), (String(repeating: "a", count: 64), "https://x"),
      ("ä", "https://x"), ("a", ""), ("a", "  "), ("a", "https://x/ y"), ("a", "http://x"),
      ("a", "https://x/" + String(repeating: "y", count: 2000)),
    ])
  func refused(name: String, url: String) async throws {
    let webhooks = webhooks(try await TestDatabase.Kind.sqlite.open())
    let error = await #expect(throws: MartletError.self) { try await webhooks.create(new(name, url: url), by: ann) }
    #expect(error?.code == .invalidInput)
    await #expect(throws: MartletError.self) {
      try await webhooks.create(NewWebhook(name: "a", url: "https://x", events: []), by: ann)
    }
    #expect(try await webhooks.webhooks().items.isEmpty)
  }

  @Test("Events are told to active webhooks that were there when it happened", arguments: TestDatabase.kinds)
  func listeners(kind: TestDatabase.Kind) async throws {
    let webhooks = webhooks(try await kind.open())
    let active = try await webhooks.create(new(), by: ann)
    let disabled = try await webhooks.create(new(), by: ann)
    _ = try await webhooks.update(disabled.id, WebhookChange(status: .disabled), by: ann)
    #expect(try await webhooks.listeners(at: now)[created] == [active.id])
    #expect(try await webhooks.listeners(at: now)[.init(.registeredModel, .created)] == nil)
    #expect(try await webhooks.listeners(at: now - .seconds(1)).isEmpty, "it was not there yet")
  }

  @Test("An event that there is not is refused with what there is")
  func unknown() {
    let error = #expect(throws: MartletError.self) { try RegistryEvent(written: "budget_policy.exceeded") }
    #expect(error?.code == .invalidInput && error?.fix?.contains("model_version_alias.created") == true)
    for event in RegistryEvent.all {
      #expect((try? RegistryEvent(written: event.description.uppercased())) == event)
      #expect(RegistryMessage.example(of: event, at: now).body["timestamp"] == "2023-11-14T22:13:20.000+00:00")
    }
  }
}

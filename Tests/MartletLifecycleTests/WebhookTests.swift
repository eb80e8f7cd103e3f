import Foundation
import MartletCore
import MartletTesting
import NIOCore
import Testing

@testable import MartletLifecycle

@Suite("Webhooks") struct WebhookTests {
  @Test("The signature is the one of the Standard Webhooks' own reference implementations")
  func signature() throws {
    let headers = try WebhookSignature.headers(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Timestamp(milliseconds: 1_614_265_330_999),
      body: Array(#"{"test": 2432232314}"#.utf8), key: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
    #expect(
      headers.map(\.value) == [
        "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
      ])
  }

  @Test("Without a key nothing is signed; a key is text or base64 after whsec_")
  func keys() throws {
    func headers(_ key: String?) throws -> [String] {
      try WebhookSignature.headers(id: "1", at: june, body: [], key: key).map(\.value)
    }
    #expect(try headers(nil).count == 2)
    #expect(try headers("secret") == headers("whsec_" + Data("secret".utf8).base64EncodedString()))
    #expect(throws: MartletError.self) { try headers("whsec_%%%") }
    #expect(throws: MartletError.self) { try headers("whsec_") }
  }

  @Test(
    "What is no host is not allowed in",
    arguments: [
      "", "http://x", "x/y", "x:port", "x:70000", "x:1:2", "::1", "[::1", "a b", ":80", "[]",
    ])
  func refused(text: String) { #expect(throws: MartletError.self) { try OutboundPolicy(reading: [text]) } }

  @Test("Public addresses are permitted, others only where they are allowed, with their port")
  func policy() throws {
    func address(_ ip: String, _ port: Int) throws -> SocketAddress { try SocketAddress(ipAddress: ip, port: port) }
    let closed = OutboundPolicy()
    for ip in [
      "127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1", "fe80::1",
      "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    ] {
      #expect(!closed.permits(try address(ip, 443), host: "hooks.example"), "\(ip)")
    }
    #expect(closed.permits(try address("8.8.8.8", 443), host: "hooks.example"))
    #expect(closed.permits(try address("2606:4700::1", 443), host: "hooks.example"))
    let open = try OutboundPolicy(reading: ["127.0.0.1:9093", "Hooks.Internal", "[::1]:8080", "10.0.0.7"])
    #expect(open.permits(try address("127.0.0.1", 9093), host: "127.0.0.1"))
    #expect(open.permits(try address("127.0.0.1", 9093), host: "localhost"), "by the address it resolves to")
    #expect(!open.permits(try address("127.0.0.1", 9094), host: "127.0.0.1"))
    #expect(open.permits(try address("10.9.9.9", 1), host: "hooks.internal"))
    #expect(open.permits(try address("::1", 8080), host: "::1"))
    #expect(!open.permits(try address("::1", 80), host: "::1"))
    #expect(open.permits(try address("10.0.0.7", 5), host: "x"))
    #expect(!open.permits(try address("10.0.0.8", 5), host: "x"))
  }

  @Test(
    "A refused or unreachable address is not named by the error",
    arguments: [
      ("http://127.0.0.1:1/hidden?token=hidden", MartletError.Code.permissionDenied),
      ("ftp://hidden.example/", .invalidInput), ("hidden", .invalidInput),
      ("http://hidden.invalid/hidden", .unavailable),
    ])
  func addresses(url: String, code: MartletError.Code) async throws {
    let error = await #expect(throws: MartletError.self) {
      try await OutboundClient(policy: OutboundPolicy()).post([], to: url)
    }
    #expect(error?.code == code)
    #expect(error?.description.contains("hidden") == false)
  }
}

@Suite("Secrets") struct SecretStoreTests {
  private func write(_ text: String, mode: Int, _ folder: String, _ name: String = "oncall") throws {
    let path = "\(folder)/\(name)"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
  }

  @Test("A secret comes from the environment, else from a file that only its owner can read")
  func sources() async throws {
    let folder = try TemporaryFolder.make()
    try write("from the file\n", mode: 0o600, folder)
    #expect(try await SecretStore(folder: folder, environment: [:]).value("oncall") == "from the file")
    let environment = [
      "MARTLET_SECRET_ONCALL": "from the environment", "MARTLET_SECRET_ON_CALL_KEY": "k", "ONCALL": "x",
    ]
    let store = SecretStore(folder: folder, environment: environment)
    #expect(try await store.value("oncall") == "from the environment")
    #expect(try await store.value("on-call.key") == "k")
    #expect(try await store.find("other") == nil)
  }

  @Test("A file that others can read, a link and a folder are not used, and no value stands in the error")
  func unsafe() async throws {
    let folder = try TemporaryFolder.make()
    let store = SecretStore(folder: folder, environment: [:])
    try write("hidden", mode: 0o640, folder)
    let error = await #expect(throws: MartletError.self) { try await store.value("oncall") }
    #expect(error?.cause == "others than its owner can read it" && error?.description.contains("hidden") == false)
    try write("hidden", mode: 0o600, folder, "real")
    try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: folder + "/real")
    try FileManager.default.createDirectory(atPath: folder + "/folder", withIntermediateDirectories: false)
    for name in ["link", "folder"] {
      await #expect(throws: MartletError.self, "\(name)") { try await store.value(name) }
    }
  }

  @Test("A name cannot lead out of the folder, and what is not set is said with where to set it")
  func missing() async throws {
    let folder = try TemporaryFolder.make()
    try write("hidden", mode: 0o600, folder, "above")
    let store = SecretStore(folder: folder + "/secrets", environment: [:])
    for name in ["../above", "", ".", "..", "a/b", "oncall"] {
      let error = await #expect(throws: MartletError.self, "\(name)") { try await store.value(name) }
      #expect(error?.code == .notFound)
      #expect(error?.fix?.contains(SecretStore.variable(name)) == true)
    }
  }
}

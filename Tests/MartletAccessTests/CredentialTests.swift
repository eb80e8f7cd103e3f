import Foundation
import MartletCore
import MartletStore
import MartletTesting
import Testing

@testable import MartletAccess

@Suite("Credentials") struct CredentialTests {
  @Test("Both spellings that MLflow's clients send are read")
  func good() throws {
    let basic = Data("ada:pass:word".utf8).base64EncodedString()
    #expect(try Credentials(authorization: "Basic \(basic)") == .basic(name: "ada", password: "pass:word"))
    #expect(try Credentials(authorization: "basic  \(basic)") == .basic(name: "ada", password: "pass:word"))
    #expect(try Credentials(authorization: "Bearer mlt_x") == .bearer("mlt_x"))
    #expect(try Credentials(authorization: nil) == nil)
  }

  @Test(
    "Broken headers are 'unauthenticated', never more",
    arguments: [
      "", "Basic", "Basic !!!", "Basic YWRh", "Basic AGE6Yg==",
      "Basic \(Data([0xFF, 0x3A, 0xFE]).base64EncodedString())", "Digest x",
      "Bearer", "x y z", "Basic " + String(repeating: "A", count: 10_000),
    ])
  func broken(header: String) {
    #expect { try Credentials(authorization: header) } throws: { ($0 as? MartletError)?.code == .unauthenticated }
  }

  @Test("A password's hash is a PHC string that names its cost, and is read back")
  func phc() throws {
    let hash = try PasswordHash.make("correct horse", cost: .trivial)
    #expect(hash.text.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
    let read = try #require(PasswordHash(text: hash.text))
    #expect(read == hash)
    #expect(try read.matches("correct horse") && !read.matches("correct horsf"))
    for bad in [
      "", "$scrypt$", "$scrypt$ln=30,r=8,p=1$AAAA$AAAA", "$bcrypt$ln=4,r=8,p=1$AAAA$AAAA", "$scrypt$ln=4$A$A",
    ] {
      #expect(PasswordHash(text: bad) == nil)
    }
  }

  @Test("scrypt gives the result of RFC 7914's example")
  func reference() throws {
    // RFC 7914, section 12: P "password", S "NaCl", N 1024, r 8, p 16, the first 32 of 64 bytes.
    let expected: [UInt8] = [
      0xfd, 0xba, 0xbe, 0x1c, 0x9d, 0x34, 0x72, 0x00, 0x78, 0x56, 0xe7, 0x19, 0x0d, 0x01, 0xe9, 0xfe, 0x7c, 0x6a, 0xd7,
      0xcb, 0xc8, 0x23, 0x78, 0x30, 0xe7, 0x73, 0x76, 0x63, 0x4b, 0x37, 0x31, 0x62,
    ]
    let hash = PasswordHash(cost: .init(logN: 10, r: 8, p: 16), salt: Array("NaCl".utf8), hash: expected)
    #expect(try hash.matches("password"))
  }

  @Test("Ten failures within a minute are enough, for a name and for an address")
  func limiter() throws {
    let clock = MovingClock()
    let limiter = AttemptLimiter(clock: clock.clock)
    for _ in 0..<10 { try limiter.begin(["user:ada", "peer:a"]) }
    for keys in [["user:ada", "peer:b"], ["user:eve", "peer:a"]] {
      #expect { try limiter.begin(keys) } throws: {
        AttemptLimiter.retryAfter($0 as? MartletError ?? .invalidInput("")) == 60
      }
    }
    #expect(throws: Never.self) { try limiter.begin(["user:eve", "peer:b"]) }
    clock.move(.seconds(61))
    #expect(throws: Never.self) { try limiter.begin(["user:ada", "peer:a"]) }
  }

  @Test("Attempts that succeed are not counted")
  func successes() throws {
    let limiter = AttemptLimiter(clock: MovingClock().clock)
    for _ in 0..<100 {
      try limiter.begin(["user:ada", "peer:a"])
      limiter.succeeded(["user:ada", "peer:a"])
    }
  }

  @Test("Many requests with the same password at once derive it once, and none is turned away")
  func concurrent() async throws {
    let database = try await TestDatabase.sqlite()
    let accounts = Accounts.forTests(database: database)
    let root = Author(name: "root", role: "admin")
    _ = try await accounts.create("root", password: "correct horse battery", grants: [Grant(.admin)], by: root)
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<50 {
        group.addTask {
          try await accounts.caller(.basic(name: "root", password: "correct horse battery"), from: "p").name
        }
      }
      for try await name in group { #expect(name == "root") }
    }
    await database.close()
  }

  @Test("A user that is not there takes as long as one that is")
  func timing() async throws {
    let database = try await TestDatabase.sqlite()
    // A derivation of some milliseconds stands out from everything else.
    let accounts = Accounts(database: database, cost: .init(logN: 9, r: 8, p: 1))
    let root = Author(name: "root", role: "admin")
    _ = try await accounts.create("root", password: "correct horse battery", grants: [Grant(.admin)], by: root)
    func median(_ name: String) async -> Double {
      var times: [Double] = []
      for round in 0..<9 {
        let start = ContinuousClock.now
        _ = try? await accounts.caller(.basic(name: name, password: "wrong \(round)"), from: "\(name)\(round)")
        times.append((ContinuousClock.now - start).inSeconds)
      }
      return times.sorted()[4]
    }
    let (known, unknown) = (await median("root"), await median("nobody"))
    #expect(unknown > known / 3 && known > unknown / 3, "known \(known) s, unknown \(unknown) s")
    await database.close()
  }

  @Test("A step's token acts in its project, without starting anything, until it is taken back")
  func jobs() async throws {
    let database = try await TestDatabase.sqlite()
    let accounts = Accounts.forTests(database: database)
    let token = accounts.jobs.issue(for: "pipeline-run:1", in: "flights")
    let caller = try await accounts.caller(.bearer(token), from: "p")
    #expect(caller.author().name == "pipeline-run:1")
    #expect(caller.may(.log, in: "flights") && caller.may(.register, in: "flights"))
    #expect(!caller.may(.run, in: "flights") && !caller.may(.log, in: "other") && !caller.mayEverywhere(.read))
    accounts.jobs.revoke(token)
    await #expect(throws: MartletError.self) { try await accounts.caller(.bearer(token), from: "p") }
    await database.close()
  }
}

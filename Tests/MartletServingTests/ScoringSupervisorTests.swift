import AsyncHTTPClient
import Foundation
import Logging
import MartletCore
import MartletTesting
import NIOPosix
import Testing

@testable import MartletServing

@Suite("Supervision of the scoring process")
struct ScoringSupervisorTests {
  /// A stand-in for `martlet serve`: counts its starts, says where it is, and stays until it is ended.
  private static let script = """
    echo start >> "$0/starts"
    ticks=$(cut -d' ' -f22 /proc/$$/stat)
    printf '{"pid":%d,"port":5,"start_ticks":%d,"data":"%s"}' $$ $ticks "$(realpath "$0")" > "$0/scoring.json.new"
    mv "$0/scoring.json.new" "$0/scoring.json"
    while :; do read -r line < "$0/never" || exit 1; done
    """

  private struct Folder {
    let path: String
    let supervisor: ScoringSupervisor

    init(_ path: String) {
      self.path = path
      supervisor = ScoringSupervisor(
        folder: ScoringFolder(data: path),
        command: .init(arguments: ["/bin/bash", "-c", ScoringSupervisorTests.script, path], logFile: path + "/log"),
        http: .shared, threads: .singleton, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Asks until a process is there that is not `former`.
    func port(after former: Int32? = nil) async throws -> ScoringAddress {
      let end = ContinuousClock.now + .seconds(20)
      while ContinuousClock.now < end {
        _ = try? await supervisor.client()
        if let found = try ScoringAddress.living(in: ScoringFolder(data: path)), found.processID != former {
          return found
        }
        await Task.yield()
      }
      throw MartletError(.timedOut, "no scoring process after 20 s")
    }

    var starts: Int {
      ((try? String(contentsOfFile: path + "/starts", encoding: .utf8)) ?? "").split(separator: "\n").count
    }
  }

  @Test("A process is started once, found again by another supervisor, replaced when it dies, and ended when asked")
  func supervises() async throws {
    let path = try TemporaryFolder.make()
    mkfifo(path + "/never", 0o600)
    let first = Folder(path)
    let found = try await first.port()
    #expect(getsid(found.processID) == found.processID)
    let second = Folder(path)
    #expect(try await second.port() == found)
    #expect(first.starts == 1)
    kill(found.processID, SIGKILL)
    let next = try await first.port(after: found.processID)
    #expect(next.processID != found.processID)
    #expect(first.starts == 2)
    try await first.supervisor.stop()
    #expect(ScoringAddress.startTicks(of: next.processID) != next.startTicks)
  }

  @Test("A process that cannot be started is 'unavailable', and the next start waits")
  func givesUpForNow() async throws {
    let path = try TemporaryFolder.make()
    let supervisor = ScoringSupervisor(
      folder: ScoringFolder(data: path), command: .init(arguments: ["/nowhere/martlet"], logFile: path + "/log"),
      http: .shared, threads: .singleton, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    await #expect {
      _ = try await supervisor.client()
    } throws: { error in
      (error as? MartletError)?.code == .unavailable
    }
  }

  @Test("A file left by a dead process, or of another directory, is not believed")
  func distrusts() throws {
    let path = try TemporaryFolder.make()
    let folder = ScoringFolder(data: path)
    let alive = try ScoringAddress.current(port: 1, folder: folder)
    try alive.write(to: folder.address)
    #expect(try ScoringAddress.living(in: folder) == alive)
    var other = alive
    other.startTicks += 1
    try other.write(to: folder.address)
    #expect(try ScoringAddress.living(in: folder) == nil)
    other = alive
    other.data = "/elsewhere"
    try other.write(to: folder.address)
    #expect(try ScoringAddress.living(in: folder) == nil)
  }
}

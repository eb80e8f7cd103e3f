import Foundation
import MartletCore
import MartletJobs
import Synchronization
import Testing

@Suite("Plain commands")
struct CommandRunnerTests {
  private final class Lines: Sendable {
    private let seen = Mutex<[CommandOutput]>([])
    func add(_ line: CommandOutput) { seen.withLock { $0.append(line) } }
    var all: [CommandOutput] { seen.withLock { $0 } }
    func texts(_ stream: CommandOutput.Stream) -> [String] { all.filter { $0.stream == stream }.map(\.text) }
  }

  @Test("Lines arrive with their stream, the last one without an end too; the result tells what was used")
  func output() async throws {
    let lines = Lines()
    let result = try await CommandRunner.run(
      shell: "echo one; echo two >&2; printf three; exit 4", onOutput: { lines.add($0) })
    #expect(lines.texts(.output) == ["one", "three"])
    #expect(lines.texts(.errors) == ["two"])
    #expect(result.exitCode == 4 && result.signal == nil && !result.succeeded)
    #expect(result.peakMemoryMB > 0 && result.wallTime > .zero)
    let error = try #require(throws: MartletError.self) { try result.requireSuccess(of: "the step 'x'") }
    #expect(error.code == .checkFailed && error.message == "the step 'x' ended with exit code 4")
  }

  @Test("Large output arrives whole, and long lines in pieces")
  func large() async throws {
    let lines = Lines()
    let result = try await CommandRunner.run(
      shell: "seq 1 200000; head -c 100000 /dev/zero | tr '\\0' x", onOutput: { lines.add($0) })
    let texts = lines.texts(.output)
    #expect(texts[..<200_000].elementsEqual((1...200_000).map(String.init)))
    #expect(texts[200_000...].joined() == String(repeating: "x", count: 100_000))
    #expect(texts[200_000...].allSatisfy { $0.utf8.count <= 16 << 10 })
    #expect(result.outputTail.utf8.count <= 32 << 10)
  }

  @Test("The environment, the folder and the arguments are exactly those given; standard input is empty")
  func surroundings() async throws {
    let lines = Lines()
    _ = try await CommandRunner.run(
      ["sh", "-c", "echo \"$A|$HOME|$1\"; pwd; cat; ls /proc/self/fd | wc -l", "sh", "a b"],
      environment: ["A": "1 2", "PATH": "/usr/bin:/bin"], workingDirectory: "/usr", onOutput: { lines.add($0) })
    #expect(lines.texts(.output) == ["1 2||a b", "/usr", "4"])
  }

  @Test("A program, a folder that is not there or a file that is no program is said to be so")
  func missing() async throws {
    for (arguments, folder, word) in [
      (["no-such-program"], nil, "no-such-program"), (["/etc/passwd"], nil, "cannot be run"),
      (["true"], "/no/such/folder", "/no/such/folder"), ([], nil, "no program"),
    ] as [([String], String?, String)] {
      let error = try await #require(throws: MartletError.self) {
        _ = try await CommandRunner.run(arguments, workingDirectory: folder)
      }
      #expect(error.message.contains(word), "\(error)")
    }
  }

  @Test("Over its time the whole group dies, grandchildren included")
  func time() async throws {
    let lines = Lines()
    let error = try await #require(throws: MartletError.self) {
      _ = try await CommandRunner.run(
        shell: "sleep 1000 & echo $!; wait", limits: JobLimits(wallTime: .milliseconds(300)),
        subject: "the step 'slow'", onOutput: { lines.add($0) })
    }
    #expect(error.code == .timedOut && error.message.hasPrefix("the step 'slow' took longer than 300ms"))
    let id = try #require(lines.texts(.output).first.flatMap { Int32($0) })
    #expect(await eventually { !isRunning(id) })
  }

  @Test("What a command leaves in the background is ended with it")
  func background() async throws {
    let lines = Lines()
    let result = try await CommandRunner.run(shell: "sleep 1000 & echo $!", onOutput: { lines.add($0) })
    #expect(result.succeeded)
    let id = try #require(lines.texts(.output).first.flatMap { Int32($0) })
    #expect(await eventually { !isRunning(id) })
  }

  @Test("Cancelling the task kills the command")
  func cancel() async throws {
    let (ids, told) = AsyncStream.makeStream(of: Int32.self)
    let task = Task {
      try await CommandRunner.run(shell: "echo $$; sleep 1000; true") { told.yield(Int32($0.text) ?? 0) }
    }
    var iterator = ids.makeAsyncIterator()
    let id = try #require(await iterator.next())
    task.cancel()
    let error = try await #require(throws: MartletError.self) { _ = try await task.value }
    #expect(error.code == .cancelled)
    #expect(await eventually { !isRunning(id) })
  }

  @Test("A step that eats memory, or CPU, is stopped and told its limit")
  func limits() async throws {
    let memory = try await #require(throws: MartletError.self) {
      _ = try await CommandRunner.run(
        shell: "head -c 2000000000 /dev/zero | tail", limits: JobLimits(memoryMB: 100, wallTime: .seconds(60)))
    }
    #expect(memory.message.contains("100 MB"))
    let cpu = try await #require(throws: MartletError.self) {
      _ = try await CommandRunner.run(
        shell: "while true; do :; done", limits: JobLimits(cpuSeconds: 1, wallTime: .seconds(60)))
    }
    #expect(cpu.code == .timedOut && cpu.message.contains("CPU"))
  }

  @Test("A signal that ends the command is named")
  func signal() async throws {
    let result = try await CommandRunner.run(shell: "kill -TERM $$")
    #expect(result.signal == SIGTERM && result.exitCode == 128 + SIGTERM)
    let error = try #require(throws: MartletError.self) { try result.requireSuccess(of: "the step 'x'") }
    #expect(error.message.contains("SIGTERM"))
  }

  @Test("What outlived its server is found by its owner and ended; what belongs to others is left alone")
  func leftovers() async throws {
    let (mine, other) = (UUID().uuidString, UUID().uuidString)
    let (ids, told) = AsyncStream.makeStream(of: Int32.self)
    let tasks = [mine, other].map { owner in
      Task {
        // The grandchild leaves the group, as a daemon does.
        try await CommandRunner.run(shell: "setsid sleep 1000 & echo $!; wait; sleep 1000", owner: owner) {
          told.yield(Int32($0.text) ?? 0)
        }
      }
    }
    var iterator = ids.makeAsyncIterator()
    let first = try #require(await iterator.next())
    let second = try #require(await iterator.next())
    #expect(LeftoverCommands.end(owner: mine) >= 2)
    #expect(await eventually { isRunning(first) != isRunning(second) })
    #expect(LeftoverCommands.end(owner: other) >= 2)
    #expect(await eventually { !isRunning(first) && !isRunning(second) })
    for task in tasks { #expect(try await task.value.signal == SIGKILL) }
  }
}

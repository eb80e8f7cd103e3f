import Foundation
import MartletCore
import MartletJobs
import Synchronization
import Testing

@Suite("Jobs in child processes")
struct JobRunnerTests {
  struct Nothing: Codable {}

  private func failure(_ kind: String, _ limits: JobLimits = JobLimits(wallTime: .seconds(30))) async throws
    -> MartletError
  {
    let runner = ScriptedWorker.runner()
    return try await #require(throws: MartletError.self) {
      _ = try await runner.run(kind, Nothing(), limits: limits, returning: Int32.self)
    }
  }

  @Test("Arguments reach the job and its result comes back, with progress on the way, however large")
  func roundTrip() async throws {
    let runner = ScriptedWorker.runner()
    let seen = Mutex<[JobProgress]>([])
    let box = Box(seen)
    let arguments = (0..<20_000).map { Double($0) / 3 } + [.infinity]
    let result = try await runner.run("echo", arguments, returning: [Double].self) { progress in
      box.value.withLock { $0.append(progress) }
    }
    #expect(result == arguments)
    #expect(box.value.withLock { $0 } == [JobProgress(fraction: 0.5, message: "half")])
  }

  private final class Box<Value>: Sendable {
    let value: Mutex<Value>
    init(_ value: consuming sending Mutex<Value>) { self.value = value }
  }

  @Test("A healthy worker serves the next job, up to a number of jobs")
  func warm() async throws {
    let runner = ScriptedWorker.runner(slots: 1, jobsPerWorker: 2)
    var ids: [Int32] = []
    for _ in 0..<4 { ids.append(try await runner.run("pid", Nothing())) }
    #expect(ids[0] == ids[1] && ids[2] == ids[3] && ids[1] != ids[2])
    #expect(await eventually { !isRunning(ids[0]) })
  }

  @Test("A worker that left after its last job is replaced without anyone noticing")
  func left() async throws {
    let runner = ScriptedWorker.runner(slots: 1)
    for _ in 0..<20 { _ = try await runner.run("answer and leave", Nothing(), returning: Int32.self) }
  }

  @Test("An error of the job arrives as it was thrown, and the worker stays")
  func refused() async throws {
    let runner = ScriptedWorker.runner(slots: 1)
    let before = try await runner.run("pid", Nothing(), returning: Int32.self)
    let error = try await #require(throws: MartletError.self) {
      _ = try await runner.run("refuse", Nothing(), returning: Int32.self)
    }
    #expect(error == MartletError(.checkFailed, "no", cause: "why", fix: "so"))
    #expect(try await runner.run("pid", Nothing(), returning: Int32.self) == before)
  }

  @Test("A crash names the signal and the last words, and the next job runs")
  func crash() async throws {
    let runner = ScriptedWorker.runner(slots: 1)
    let error = try await #require(throws: MartletError.self) {
      _ = try await runner.run("crash", Nothing(), returning: Int32.self)
    }
    #expect(error.code == .internalError && error.message.contains("the job 'crash' crashed (SIGSEGV)"))
    #expect(error.cause == "the last words")
    #expect(try await runner.run("echo", 7, returning: Int.self) == 7)
  }

  @Test("An abort for lack of memory says so; an exit code, a kill from outside and garbage are told apart")
  func ends() async throws {
    #expect(try await failure("abort", JobLimits(memoryMB: 300)).message.contains("more than its 300 MB"))
    let exit = try await failure("exit")
    #expect(exit.message.contains("exit code 3") && exit.cause == "wrong turn")
    #expect(try await failure("killed").message.contains("killed from outside"))
    let garbage = try await failure("garbage")
    #expect(garbage.message.contains("no event") && garbage.cause == "hello there")
  }

  @Test("A job over its time is stopped, its grandchildren too")
  func time() async throws {
    let error = try await failure("hang", JobLimits(wallTime: .milliseconds(300)))
    #expect(error.code == .timedOut && error.message.contains("300ms"))
  }

  @Test("A job over its CPU time is stopped")
  func cpu() async throws {
    let error = try await failure("spin", JobLimits(cpuSeconds: 1, wallTime: .seconds(60)))
    #expect(error.code == .timedOut && error.message.contains("1 seconds of CPU"))
  }

  @Test("A job over its memory is stopped, and the message names the limit")
  func memory() async throws {
    let error = try await failure("eat", JobLimits(memoryMB: 100, wallTime: .seconds(60)))
    #expect(error.code == .unavailable && error.message.contains("100 MB"), "\(error)")
  }

  @Test("Cancelling the task kills the job")
  func cancel() async throws {
    let runner = ScriptedWorker.runner()
    let (ids, told) = AsyncStream.makeStream(of: Int32.self)
    let task = Task {
      try await runner.run("hang", Nothing(), returning: Int32.self) { told.yield(Int32($0.message) ?? 0) }
    }
    var iterator = ids.makeAsyncIterator()
    let id = try #require(await iterator.next())
    #expect(isRunning(id))
    task.cancel()
    let error = try await #require(throws: MartletError.self) { _ = try await task.value }
    #expect(error.code == .cancelled)
    #expect(await eventually { !isRunning(id) })
  }

  @Test("A job that waits for a slot can be cancelled, and the slot is not lost")
  func cancelWaiting() async throws {
    let runner = ScriptedWorker.runner(slots: 1)
    let (started, told) = AsyncStream.makeStream(of: Void.self)
    let first = Task { try await runner.run("hang", Nothing(), returning: Int32.self) { _ in told.yield() } }
    var iterator = started.makeAsyncIterator()
    _ = await iterator.next()
    let second = Task { try await runner.run("echo", 1, returning: Int.self) }
    second.cancel()
    await #expect(throws: MartletError.self) { _ = try await second.value }
    first.cancel()
    await #expect(throws: MartletError.self) { _ = try await first.value }
    #expect(try await runner.run("echo", 2, returning: Int.self) == 2)
  }

  @Test("A prompt job does not wait for batch jobs")
  func lanes() async throws {
    let runner = ScriptedWorker.runner(slots: 1)
    let (started, told) = AsyncStream.makeStream(of: Void.self)
    let batch = Task { try await runner.run("hang", Nothing(), returning: Int32.self) { _ in told.yield() } }
    var iterator = started.makeAsyncIterator()
    _ = await iterator.next()
    #expect(try await runner.run("echo", 2, lane: .prompt, returning: Int.self) == 2)
    batch.cancel()
    await #expect(throws: MartletError.self) { _ = try await batch.value }
  }

  @Test("A program that is not there is named")
  func missingProgram() async throws {
    let runner = JobRunner(command: ["/no/such/worker"], engines: "", scratch: NSTemporaryDirectory())
    let error = try await #require(throws: MartletError.self) {
      _ = try await runner.run("echo", 1, returning: Int.self)
    }
    #expect(error.message.contains("/no/such/worker"))
  }

  @Test("After shutdown no job starts")
  func shutdown() async throws {
    let runner = ScriptedWorker.runner()
    let id = try await runner.run("pid", Nothing(), returning: Int32.self)
    runner.shutdown()
    #expect(await eventually { !isRunning(id) })
    await #expect(throws: MartletError.self) { _ = try await runner.run("echo", 1, returning: Int.self) }
  }
}

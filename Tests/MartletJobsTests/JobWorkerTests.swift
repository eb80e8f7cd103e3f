import Foundation
import MartletCore
import Testing

@testable import MartletJobs

@Suite("The worker's side of a job")
struct JobWorkerTests {
  struct Sum: Codable { var numbers: [Double] }

  static let handlers = [
    JobHandler("sum") { (arguments: Sum, context: JobContext) -> Double in
      context.progress(0.5, context.scratch)
      return arguments.numbers.reduce(0, +)
    },
    JobHandler("fail") { (_: Int, _: JobContext) -> Int in throw MartletError(.checkFailed, "wrong", fix: "right") },
    JobHandler("wait") { (_: Int, context: JobContext) -> Int in
      context.progress(nil, "waiting")
      while true { try context.checkCancellation() }
    },
  ]

  /// What a worker answers to the lines.
  private func answers(to lines: [String]) throws -> [String] {
    let (input, events) = (try Descriptor.pipe(), try Descriptor.pipe())
    let text = Data((lines.joined(separator: "\n") + "\n").utf8)
    FileHandle(fileDescriptor: input.write.number).write(text)
    input.write.close()
    JobWorker.serve(Self.handlers, input: input.read.number, events: events.write.number)
    events.write.close()
    let answer = FileHandle(fileDescriptor: events.read.number).readDataToEndOfFile()
    return String(decoding: answer, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func header(_ kind: String) -> String { #"{"kind":"\#(kind)","engines":"/e","scratch":"/s"}"# }

  @Test("Jobs are served one after the other until the input ends")
  func serves() throws {
    let lines = try answers(to: [header("sum"), #"{"numbers":[1,2,"NaN"]}"#, header("sum"), #"{"numbers":[1,2]}"#])
    #expect(lines.count == 6)
    #expect(lines[0].contains("0.5") && lines[1] == #"{"result":true}"# && lines[2] == #""NaN""#)
    #expect(lines[5] == "3")
  }

  @Test("A thrown error, an unknown kind and arguments of another shape are answered as errors")
  func errors() throws {
    let lines = try answers(to: [header("fail"), "1", header("nothing"), "1", header("sum"), "[]", "garbage", "1"])
    #expect(lines.count == 4)
    #expect(lines[0].contains("CHECK_FAILED") && lines[0].contains("right"))
    #expect(lines[1].contains("'nothing'") && lines[2].contains("arguments of the job 'sum'"))
    #expect(lines[3].contains("header"))
  }

  @Test("In-process jobs behave alike: results, errors, cancellation")
  func inProcess() async throws {
    let runner = JobRunner.inProcess(handlers: Self.handlers)
    #expect(try await runner.run("sum", Sum(numbers: [1, 2]), returning: Double.self) == 3)
    let error = try await #require(throws: MartletError.self) {
      _ = try await runner.run("fail", 1, returning: Int.self)
    }
    #expect(error.fix == "right")
    let (started, told) = AsyncStream.makeStream(of: Void.self)
    let task = Task { try await runner.run("wait", 1, returning: Int.self) { _ in told.yield() } }
    var iterator = started.makeAsyncIterator()
    _ = await iterator.next()
    task.cancel()
    let cancelled = try await #require(throws: MartletError.self) { _ = try await task.value }
    #expect(cancelled.code == .cancelled)
  }
}

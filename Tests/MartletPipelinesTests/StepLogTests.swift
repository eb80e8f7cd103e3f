import MartletCore
import MartletTesting
import NIOPosix
import Testing

@testable import MartletPipelines

@Suite("Step logs") struct StepLogTests {
  private func log() throws -> (StepLog, String) {
    let folder = "\(try TemporaryFolder.make())/log"
    return (StepLog(folder: folder, wall: .fixed(june), threads: .singleton), folder)
  }

  @Test("Lines are kept in order, with the time of day, and can be read from an offset on") func order() async throws {
    let (log, folder) = try log()
    log.append("one")
    log.append("two\u{7}\nhalves")
    await log.flush()
    let first = StepLogPage.read(folder: folder, from: 0, maximumBytes: 65_536)
    #expect(first.text == "00:00:00.000 one\n00:00:00.000 twohalves\n")
    log.append("three")
    await log.flush()
    let next = StepLogPage.read(folder: folder, from: first.nextOffset, maximumBytes: 65_536)
    #expect(next.text == "00:00:00.000 three\n")
    #expect(StepLogPage.read(folder: folder, from: next.nextOffset, maximumBytes: 65_536).text.isEmpty)
    #expect(StepLogPage.read(folder: "\(folder)/none", from: 0, maximumBytes: 1024).text.isEmpty)
  }

  @Test("Concurrent lines are all there") func concurrent() async throws {
    let (log, folder) = try log()
    await withTaskGroup { group in
      for task in 0..<8 { group.addTask { for line in 0..<200 { log.append("\(task) \(line)") } } }
    }
    await log.flush()
    let text = StepLogPage.read(folder: folder, from: 0, maximumBytes: 1 << 20).text
    #expect(text.split(separator: "\n").count == 1600)
  }

  @Test("Behind the end of a log there is nothing", arguments: [100, 1 << 40, Int.max])
  func beyond(_ offset: Int) async throws {
    let (log, folder) = try log()
    log.append("one line")
    await log.flush()
    let page = StepLogPage.read(folder: folder, from: offset, maximumBytes: 1 << 20)
    #expect(page.text.isEmpty && page.nextOffset == offset)
  }

  @Test("A log that never ends loses its beginning, not its end, and stays small") func bounded() async throws {
    let (log, folder) = try log()
    let line = String(repeating: "x", count: 4000)
    for number in 0..<4000 {
      log.append("\(number) \(line)")
      if number % 100 == 0 { await log.flush() }
    }
    log.append("the end")
    await log.flush()
    var offset = 0
    var bytes = 0
    var last = ""
    while true {
      let page = StepLogPage.read(folder: folder, from: offset, maximumBytes: 1 << 20)
      if page.text.isEmpty { break }
      bytes += page.text.utf8.count
      last = page.text
      offset = page.nextOffset
    }
    #expect(last.hasSuffix("the end\n"))
    #expect(bytes > StepLog.segmentBytes / 2)
    #expect(bytes < 3 * StepLog.segmentBytes)
  }
}

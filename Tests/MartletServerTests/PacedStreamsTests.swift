import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MartletServer

@Suite("Streamed answers keep pace with their connection")
struct PacedStreamsTests {
  @Test("However slow the event loop is, no more than one piece waits for it")
  func pace() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.any()
    let waiting = Waiting()
    var writer = PacedWriter(SlowConnection(loop: loop, waiting: waiting), eventLoop: loop)
    for _ in 0..<50 { try await writer.write(ByteBuffer(string: "piece")) }
    try await writer.finish(nil)
    #expect(waiting.most == 1)
  }
}

/// As NIO's own writer: a write returns once the event loop has been told of it, and the loop takes its time.
private struct SlowConnection: ResponseBodyWriter {
  let loop: any EventLoop
  let waiting: Waiting

  func write(_ buffer: ByteBuffer) async throws {
    waiting.add()
    loop.execute { [waiting] in
      let end = ContinuousClock.now + .milliseconds(1)
      while ContinuousClock.now < end {}
      waiting.remove()
    }
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

/// How many pieces wait, and how many did at once.
private final class Waiting: Sendable {
  private let counts = Mutex((now: 0, most: 0))

  var most: Int { counts.withLock(\.most) }

  func add() { counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
  func remove() { counts.withLock { $0.now -= 1 } }
}

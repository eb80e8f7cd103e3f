import Testing

@testable import MartletServer

@Suite("Memory that nobody needs")
struct IdleMemoryTests {
  @Test("What a busy time left free goes back to the system, and work goes on")
  func givingBack() {
    var lists: [[Int]] = (0..<200_000).map { [$0, $0 + 1, $0 + 2, $0 + 3] }
    #expect(lists[199_999][3] == 200_002)
    lists = []
    let before = ProcessMeasures.residentBytes
    IdleMemory.giveBack()
    #expect(ProcessMeasures.residentBytes < before)
    // The program's own code is read again where it is run.
    #expect((0..<1000).map { String($0) }.joined().count == 2890)
  }
}

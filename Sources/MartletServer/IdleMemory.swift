import Foundation
import MartletCore

/// Gives memory back to the system once nobody asks for anything: what a busy time left free, and the pages of the
/// program that only the start, or that busy time, ran.
package struct IdleMemory: Sendable {
  private let measures: RequestMeasures
  private let quiet: Duration

  /// - Parameter quiet: how long nobody must have asked for anything.
  package init(measures: RequestMeasures, quiet: Duration = .seconds(2)) {
    self.measures = measures
    self.quiet = quiet
  }

  /// Goes on until its task is cancelled.
  package func run() async throws {
    var isGivenBack = false
    while true {
      try await Task.sleep(for: .seconds(1))
      let isQuiet = measures.idle >= quiet
      if isQuiet, !isGivenBack { Self.giveBack() }
      isGivenBack = isQuiet
    }
  }

  /// Costs a few milliseconds; what is needed after all is read again from where it lies.
  static func giveBack() {
    trimHeap()
    for range in executablePages() {
      // Never written to, so that nothing is lost.
      madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, Int32(MADV_DONTNEED))
    }
  }

  /// glibc's `malloc_trim`, where there is one.
  private static func trimHeap() {
    typealias Trim = @convention(c) (Int) -> Int32
    guard let address = dlsym(nil, "malloc_trim") else { return }
    _ = unsafeBitCast(address, to: Trim.self)(0)
  }

  /// Where this program's own code lies, by the kernel's table of mappings (proc_pid_maps(5)): pages that may be run and
  /// not written.
  private static func executablePages() -> [Range<UInt>] {
    guard let table = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8),
      let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    else { return [] }
    return table.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard fields.count >= 6, fields[1] == "r-xp", line.hasSuffix(program) else { return nil }
      let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      return bounds.count == 2 && bounds[0] < bounds[1] ? bounds[0]..<bounds[1] : nil
    }
  }
}

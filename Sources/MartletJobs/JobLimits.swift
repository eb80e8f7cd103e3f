import MartletCore

/// What a child process may use. The limit that is reached first ends the process, and the error says which it was.
package struct JobLimits: Sendable, Hashable {
  /// Private memory in MB, descendants included; nil is no limit.
  package var memoryMB: Int?
  /// CPU time in seconds, over all threads; nil is no limit.
  package var cpuSeconds: Int?
  /// Time from start to end; nil is no limit.
  package var wallTime: Duration?

  package init(memoryMB: Int? = nil, cpuSeconds: Int? = nil, wallTime: Duration? = nil) {
    self.memoryMB = memoryMB
    self.cpuSeconds = cpuSeconds
    self.wallTime = wallTime
  }

  /// 4 GB and one hour.
  package static let standard = JobLimits(memoryMB: 4096, wallTime: .seconds(3600))

  /// Where the kernel refuses memory, well above `memoryMB`: it only stops what grows faster than it is looked at.
  var memoryBackstopBytes: UInt64 { memoryMB.map { UInt64(max(0, $0)) * 2 << 20 + 1 << 30 } ?? 0 }

  var cpuLimit: UInt64 { cpuSeconds.map { UInt64(max(1, $0)) } ?? 0 }
}

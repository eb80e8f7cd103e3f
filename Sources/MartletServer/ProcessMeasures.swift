import Foundation

/// What the kernel says about this process.
package enum ProcessMeasures {
  /// Bytes of memory that are really in RAM.
  package static var residentBytes: Double {
    guard let fields = read("/proc/self/statm")?.split(separator: " "), fields.count > 1, let pages = Double(fields[1])
    else { return 0 }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Processor time used so far, in seconds.
  package static var cpuSeconds: Double {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
  }

  package static var openFiles: Double {
    Double((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0)
  }

  private static func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}

import CMartletProcess
import Foundation
import MartletCore

/// Why a child process ended before it should have, in words for people.
struct ChildEnd {
  /// What ran, for the start of a sentence: "the job 'train'".
  let subject: String
  let limits: JobLimits

  var outOfTime: MartletError {
    MartletError(
      .timedOut, "\(subject) took longer than \(limits.wallTime?.written ?? "allowed") and was stopped",
      fix: "raise its time limit, or give it less to do")
  }

  var outOfCPU: MartletError {
    MartletError(
      .timedOut, "\(subject) used up its \(limits.cpuSeconds ?? 0) seconds of CPU time and was stopped",
      fix: "raise its CPU limit, or give it less to do")
  }

  func outOfMemory(cause: String? = nil) -> MartletError {
    let had = limits.memoryMB.map { "its \($0) MB of memory" } ?? "the memory there is"
    return MartletError(
      .unavailable, "\(subject) needed more than \(had) and was stopped", cause: cause,
      fix: "raise its memory limit, or give it less data at a time")
  }

  var cancelled: MartletError { MartletError(.cancelled, "\(subject) was cancelled") }

  /// - Parameter lastLine: the last thing the process wrote to its log.
  func error(_ exit: martlet_exit, log: TextTail) -> MartletError {
    if exit.signal == SIGXCPU { return outOfCPU }
    if Self.speaksOfMemory(log.text) { return outOfMemory(cause: log.lastLine) }
    if exit.signal == SIGKILL {
      return MartletError(
        .unavailable, "\(subject) was killed from outside",
        cause: "most often the machine ran out of memory; its peak was \(exit.peak_resident_bytes >> 20) MB",
        fix: "look at the kernel's log (`dmesg`), lower the number of parallel jobs, or give it less data at a time")
    }
    if exit.signal != 0 {
      return MartletError(
        .internalError, "\(subject) crashed (\(Self.name(ofSignal: exit.signal)))", cause: log.lastLine,
        fix: "nothing else was touched; run it again, and report it with its log if it happens again")
    }
    return MartletError(
      .internalError, "\(subject) ended with exit code \(exit.exit_code) and without a result", cause: log.lastLine,
      fix: "see its log")
  }

  func garbage(_ line: String) -> MartletError {
    MartletError(
      .internalError, "\(subject) wrote something that is no event", cause: line.prefixed(100),
      fix: "the server and its worker are of different versions: restart the server")
  }

  private static func speaksOfMemory(_ log: String) -> Bool {
    ["bad_alloc", "Cannot allocate memory", "out of memory", "Out of memory"].contains { log.suffix(2000).contains($0) }
  }

  static func name(ofSignal number: Int32) -> String {
    let names: [Int32: String] = [
      SIGABRT: "SIGABRT", SIGSEGV: "SIGSEGV", SIGBUS: "SIGBUS", SIGILL: "SIGILL", SIGFPE: "SIGFPE", SIGTRAP: "SIGTRAP",
      SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP", SIGPIPE: "SIGPIPE", SIGKILL: "SIGKILL",
      SIGXCPU: "SIGXCPU",
    ]
    return names[number] ?? "signal \(number)"
  }
}

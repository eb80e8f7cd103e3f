import Foundation
import MartletJobs

/// A worker written in shell that speaks the protocol and misbehaves on demand.
enum ScriptedWorker {
  private static let script = """
    while read -r header && read -r arguments; do
      case "$header" in
        *'"echo"'*) printf '{"progress":{"fraction":0.5,"message":"half"}}\\n{"result":true}\\n%s\\n' "$arguments" >&3 ;;
        *'"pid"'*) printf '{"result":true}\\n%s\\n' $$ >&3 ;;
        *'"refuse"'*) printf '{"error":{"code":"CHECK_FAILED","message":"no","cause":"why","fix":"so"}}\\n' >&3 ;;
        *'"crash"'*) echo "the last words" >&2; kill -SEGV $$ ;;
        *'"abort"'*) echo "terminate called after throwing an instance of 'std::bad_alloc'" >&2; kill -ABRT $$ ;;
        *'"exit"'*) echo "wrong turn" >&2; exit 3 ;;
        *'"killed"'*) kill -KILL $$ ;;
        *'"garbage"'*) echo "hello there" >&3 ;;
        *'"hang"'*) printf '{"progress":{"fraction":null,"message":"%s"}}\\n' $$ >&3; sleep 1000 ;;
        *'"spin"'*) while true; do :; done ;;
        *'"eat"'*) head -c 2000000000 /dev/zero | tail ;;
        *'"answer and leave"'*) printf '{"result":true}\\n%s\\n' $$ >&3; exec 3>&-; exit 0 ;;
      esac
    done
    """

  static func runner(slots: Int = 2, jobsPerWorker: Int = 100) -> JobRunner {
    JobRunner(
      command: ["/bin/sh", "-c", script], engines: "/engines", scratch: NSTemporaryDirectory(), slots: slots,
      jobsPerWorker: jobsPerWorker)
  }
}

/// Whether a process exists and is no zombie.
func isRunning(_ id: Int32) -> Bool {
  guard let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8) else { return false }
  return status.split(separator: ")").last?.split(separator: " ").first != "Z"
}

/// Waits until the condition holds, at most ten seconds.
func eventually(_ condition: () -> Bool) async -> Bool {
  let end = ContinuousClock.now + .seconds(10)
  while ContinuousClock.now < end {
    if condition() { return true }
    await Task.yield()
  }
  return condition()
}

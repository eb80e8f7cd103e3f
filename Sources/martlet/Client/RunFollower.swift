import ArgumentParser
import MartletCore

/// Follows a pipeline run until it ends: one line on a terminal, one line for each finished step elsewhere.
struct RunFollower {
  let id: String
  let session: Session

  func follow() async throws {
    let progress = ProgressLine(session.output)
    var steps: [String: String] = [:]
    try await session.client.events("/pipeline-runs/\(APIClient.escape(id))/events") { name, data in
      guard name == "step", let step = data["step"]?.string, let state = data["state"]?.string else { return }
      let before = steps.updateValue(state, forKey: step)
      if !["pending", "running"].contains(state), before != state {
        progress.line("\(state.padding(to: 10)) \(step)\(Self.detail(data))")
      } else {
        progress.show("running \(steps.filter { $0.value == "running" }.keys.sorted().joined(separator: ", "))")
      }
    }
    progress.clear()
    try await finish()
  }

  private static func detail(_ step: JSON) -> String {
    let seconds = step["seconds"]?.double.map { "  \(($0 * 10).rounded() / 10) s" } ?? ""
    return seconds + (step["message"]?.string.map { "  \($0)" } ?? "")
  }

  /// Shows the result; a failed run is exit code 1, a failed gate or check 5.
  private func finish() async throws {
    let run = try await session.client.get("/pipeline-runs/\(APIClient.escape(id))")
    session.output.item(
      run,
      [
        .init("pipeline run", "id"), .init("project", "project"), .init("state", "state"), .init("seconds", "seconds"),
        .init("failed step", "failed_step"), .init("message", "message"),
      ], link: session.page("/pipelines/\(id)"))
    let state = run["state"]?.string
    guard state != "succeeded" else { return }
    if session.output.format == .table, let message = run["message"]?.string {
      session.output.note("error: \(message)")
    }
    throw ExitCode(
      run["code"]?.string == MartletError.Code.checkFailed.rawValue
        ? ExitStatus.checkFailed.rawValue : ExitStatus.failed.rawValue)
  }
}

extension String {
  func padding(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }
}

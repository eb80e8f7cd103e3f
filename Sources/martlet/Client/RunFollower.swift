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
    guard run["state"]?.string != "succeeded" else { return }
    throw FailedRun(run, page: session.page("/pipelines/\(id)"))
  }
}

/// A pipeline run that did not succeed, as an error of the command that followed it.
struct FailedRun: Error {
  let error: MartletError

  init(_ run: JSON, page: String) {
    error = MartletError(
      run["code"]?.string.flatMap(MartletError.Code.init(rawValue:)) ?? .cancelled,
      run["message"]?.string ?? "the pipeline run is \(run["state"]?.string ?? "over")", cause: run["cause"]?.string,
      fix: run["fix"]?.string ?? "see its steps and their logs: \(page)")
  }

  /// 5 for a failed check or gate, else 1: the command itself did what it was asked.
  var status: ExitStatus { error.code == .checkFailed ? .checkFailed : .failed }
}

extension String {
  func padding(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }
}

import Foundation
import MartletArtifacts
import MartletCore
package import MartletJobs
package import NIOPosix

/// Carries out `run` steps: any program, in a folder with the project's files, with its inputs and outputs as paths.
package struct CommandStep: Sendable {
  /// Variables for the command beside those that every command gets, such as `MLFLOW_TRACKING_URI`, `MLFLOW_RUN_ID`.
  package typealias Environment = @Sendable (StepContext) async throws -> [String: String]
  /// A local path for `${data.NAME}`.
  package typealias DataPath = @Sendable (String, StepContext) async throws -> String

  /// Told which variables a command had, once it is over: what was lent to it is taken back.
  package typealias Ended = @Sendable ([String: String]) async -> Void

  private let environment: Environment
  private let ended: Ended
  private let dataPath: DataPath
  private let owner: String?
  private let threads: NIOThreadPool

  /// - Parameter owner: who ends what is left of a command after a crash of the server, see `LeftoverCommands`.
  package init(
    environment: @escaping Environment = { _ in [:] }, ended: @escaping Ended = { _ in },
    dataPath: @escaping DataPath = { name, _ in
      throw MartletError(.invalidInput, "${data.\(name)} cannot be used in a command here")
    }, owner: String? = nil, threads: NIOThreadPool = .singleton
  ) {
    self.environment = environment
    self.ended = ended
    self.dataPath = dataPath
    self.owner = owner
    self.threads = threads
  }

  package var body: StepBody { { step, context in try await run(step, context) } }

  private func run(_ step: StepDefinition, _ context: StepContext) async throws -> StepResult {
    guard case .run(let command) = step.work else {
      throw MartletError(.internalError, "the step '\(step.name)' is not a command")
    }
    let folders = CommandFolders(context.scratch)
    var sources: [StepOutputName: String] = [:]
    for (name, output) in context.inputs {
      if let digest = output.digest { sources[name] = try await context.artifacts.path(of: digest) }
    }
    let inputs = try await threads.runIfActive { [sources] in
      try folders.prepare(context, from: sources, step: step)
    }
    let line = try await filled(command, step, context, inputs, folders)
    let variables = try await variables(step, context, inputs, folders)
    let result: CommandResult
    do {
      result = try await CommandRunner.run(
        shell: line, environment: variables, workingDirectory: folders.project, limits: step.resources.jobLimits,
        subject: "the step '\(step.name)'", owner: owner, onOutput: { context.log($0.text) })
    } catch {
      await ended(variables)
      throw error
    }
    await ended(variables)
    try result.requireSuccess(of: "the step '\(step.name)'")
    return StepResult(
      try await outputs(step, context, folders), summary: "exit code 0 after \(Self.seconds(result.wallTime))")
  }

  private static func seconds(_ duration: Duration) -> String { "\(Double(Int64(duration.inSeconds * 10)) / 10) s" }

  private func filled(
    _ command: String, _ step: StepDefinition, _ context: StepContext, _ inputs: [StepOutputName: String],
    _ folders: CommandFolders
  ) async throws -> String {
    let template = Template(command)
    var data: [String: String] = [:]
    for case .data(let name) in template.references where data[name] == nil {
      data[name] = try await dataPath(name, context)
    }
    let paths = data
    return try template.filled { reference in
      let value: String? =
        switch reference {
        case .parameter(let name): context.params[name].map { $0.string ?? $0.text }
        case .data(let name): paths[name]
        case .output(let name): inputs[name] ?? context.inputs[name]?.value.map { $0.string ?? $0.text }
        case .outFile(let name): step.out[name].map { "\(folders.out)/\($0)" }
        case .now: context.now.description
        case .gate: nil
        }
      guard let value else {
        throw MartletError.invalidInput("${\(reference)} has no value in the step '\(step.name)'")
      }
      return ShellText.quoted(value)
    }
  }

  /// A small environment: nothing of the server's own secrets reaches a command.
  private func variables(
    _ step: StepDefinition, _ context: StepContext, _ inputs: [StepOutputName: String], _ folders: CommandFolders
  ) async throws -> [String: String] {
    let own = ProcessInfo.processInfo.environment
    var variables: [String: String] = [:]
    for name in ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH"] { variables[name] = own[name] }
    variables["TMPDIR"] = folders.temporary
    variables["MARTLET_PROJECT"] = context.project.text
    variables["MARTLET_PIPELINE_RUN"] = context.pipelineRun.text
    variables["MARTLET_STEP"] = step.name
    variables["MARTLET_NOW"] = context.now.description
    for (name, value) in context.params {
      variables["MARTLET_PARAM_\(Self.variable(name))"] = value.string ?? value.text
    }
    for (name, path) in inputs { variables["MARTLET_IN_\(Self.variable("\(name.step)_\(name.output)"))"] = path }
    for (name, file) in step.out { variables["MARTLET_OUT_\(Self.variable(name))"] = "\(folders.out)/\(file)" }
    return variables.merging(try await environment(context)) { $1 }
  }

  private static func variable(_ name: String) -> String {
    String(name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  /// Stores what the command was to write; each output must be a plain file.
  private func outputs(_ step: StepDefinition, _ context: StepContext, _ folders: CommandFolders) async throws
    -> [String: StepOutput]
  {
    var outputs: [String: StepOutput] = [:]
    for (name, file) in step.out.sorted(by: { $0.key < $1.key }) {
      let path = "\(folders.out)/\(file)"
      let value = try await threads.runIfActive { try CommandFolders.check(path, output: name, of: step.name) }
      let blob = try await context.artifacts.put(file: path)
      outputs[name] = StepOutput(digest: blob.digest, size: blob.size, fileName: file, value: value)
    }
    return outputs
  }
}

extension StepResources {
  /// The same limits for a child process; 4 GB where none is given.
  package var jobLimits: JobLimits {
    JobLimits(
      memoryMB: memoryBytes.map { Int($0 / 1_048_576) } ?? JobLimits.standard.memoryMB,
      wallTime: timeMilliseconds.map { .milliseconds($0) } ?? .seconds(6 * 3600))
  }
}

import MartletArtifacts
import MartletCore
import MartletData
import MartletJobs
import MartletPipelines

extension StepBodies {
  /// One query over committed data and earlier tables; its rows are the step's table.
  func sql(_ step: StepDefinition, _ source: SQLSource, _ context: StepContext) async throws -> StepResult {
    let template = Template(try source.statement(in: context.files))
    var tables: [String: [String]] = [:]
    var names: [Reference: String] = [:]
    for reference in template.references {
      switch reference {
      case .data(let name) where names[reference] == nil:
        tables[name] = try await committedFiles(name, context)
        names[reference] = "\"\(name)\""
      case .output(let output):
        // A name of its own, even where a dataset is called the same.
        var table = "\(output.step)_\(output.output)"
        while tables[table] != nil { table += "_" }
        tables[table] = [try await self.table(output, context).path]
        names[reference] = "\"\(table)\""
      default: break
      }
    }
    let statement = try template.filled { reference in
      if let name = names[reference] { return name }
      switch reference {
      case .parameter(let name): return Self.literal(context.params[name] ?? .null)
      case .now: return "TIMESTAMP '\(context.now.description.prefix(19).replacing("T", with: " "))'"
      default: throw MartletError.invalidInput("\(reference) cannot be used in SQL")
      }
    }
    return try await withScratch(in: platform.scratch) { folder in
      let job = SQLJob(
        sql: statement, place: "the step '\(step.name)'", tables: tables, output: "\(folder)/table.parquet",
        memoryMB: step.resources.memoryBytes.map { max(32, Int($0 >> 20) * 5 / 8) })
      let outcome = try await platform.jobs.run(
        SQLJob.kind, job, limits: step.resources.jobLimits, returning: SQLJob.Outcome.self)
      let blob = try await platform.artifacts.put(file: job.output)
      let missing = outcome.missing.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      context.log("\(outcome.rows) rows; missing values: \(missing.isEmpty ? "none" : missing.joined(separator: ", "))")
      let output = StepOutput(
        digest: blob.digest, size: Int64(blob.size), fileName: "\(step.name).parquet",
        value: try JSON(encoding: outcome))
      return StepResult([step.outputs.first ?? "table": output], summary: "\(outcome.rows) rows")
    }
  }

  private func committedFiles(_ name: String, _ context: StepContext) async throws -> [String] {
    let key = DatasetKey(project: context.project, name: DatasetName(name))
    let files = try await platform.data.files(of: key).map(\.path)
    guard !files.isEmpty else {
      throw MartletError(
        .conflict, "the dataset '\(name)' has no committed data yet", fix: "martlet data add \(name) FILE")
    }
    return files
  }

  /// A parameter as an SQL literal.
  private static func literal(_ value: JSON) -> String {
    switch value {
    case .string(let text): "'" + text.replacing("'", with: "''") + "'"
    case .null: "NULL"
    case .boolean(let flag): flag ? "TRUE" : "FALSE"
    default: value.text
    }
  }
}

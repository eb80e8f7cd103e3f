package import MartletCore
import MartletStore

extension PipelineRunStore {
  package func run(_ id: PipelineRunID) async throws -> PipelineRun {
    let found = try await database.read { try $0.first(Self.select + " WHERE id = ?", [SQLValue(id)], Self.run) }
    guard let found else {
      throw MartletError.notFound(
        "there is no pipeline run '\(id.text.prefix(64))'", fix: "`martlet status` lists the runs")
    }
    return found
  }

  /// A run by its number within its project.
  package func run(_ project: ProjectName, number: Int) async throws -> PipelineRun {
    let found = try await database.read { connection in
      try connection.first(
        Self.select + " WHERE project = ? AND number = ?", [SQLValue(project), SQLValue(number)], Self.run)
    }
    guard let found else {
      throw MartletError.notFound("the project '\(project.text.prefix(64))' has no pipeline run \(number)")
    }
    return found
  }

  /// Runs of a project, newest first. The page's token is the number of its last run.
  package func runs(_ project: ProjectName, limit: Int = 50, pageToken: String? = nil) async throws -> Page<PipelineRun>
  {
    guard let before = pageToken.map(Int64.init) ?? Int64.max else {
      throw MartletError.invalidInput("'\(pageToken?.prefix(64) ?? "")' is not a page token")
    }
    let limit = min(max(limit, 1), 1000)
    let found = try await database.read { connection in
      try connection.rows(
        Self.select + " WHERE project = ? AND number < ? ORDER BY number DESC LIMIT ?",
        [SQLValue(project), .integer(before), SQLValue(limit + 1)], Self.run)
    }
    let page = Array(found.prefix(limit))
    return Page(page, nextToken: found.count > limit ? page.last.map { String($0.number) } : nil)
  }

  /// Runs in some states over all projects, oldest first.
  package func runs(in states: [PipelineRun.State]) async throws -> [PipelineRun] {
    let marks = states.map { _ in "?" }.joined(separator: ", ")
    return try await database.read { connection in
      try connection.rows(
        Self.select + " WHERE state IN (\(marks)) ORDER BY created_at, number", states.map { .text($0.rawValue) },
        Self.run)
    }
  }
}

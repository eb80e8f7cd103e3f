package import MartletCore
import MartletEngines
package import MartletJobs

/// What `data.preview` is given.
struct PreviewArguments: Sendable, Codable {
  var snapshot: DatasetSnapshot
  var limit: Int
  var root: String
}

/// The first rows of a version, as JSON objects.
package enum PreviewJob {
  package static let handler = JobHandler("data.preview") { (arguments: PreviewArguments, context: JobContext) in
    let database = try DuckDB.open(
      engines: EngineFolder(context.engines), allowedDirectories: [arguments.root], memoryLimitMB: 512, threads: 1)
    return try RowSamples.rows(arguments.snapshot.sql(), limit: arguments.limit, database)
  }
}

/// The first rows of a file or version, and its columns.
package struct DataPreview: Sendable, Hashable, Codable {
  package var columns: [String]
  package var rows: [JSON]
}

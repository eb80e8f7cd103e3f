import Foundation
import MartletCore
import MartletEngines
import MartletJobs
import MartletTesting

@testable import MartletData

/// Runs the ingest job on a text, in a folder of its own.
struct IngestFixture: ~Copyable {
  let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "/martlet-ingest-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder + "/out", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func run(
    _ text: String, _ definition: DatasetDefinition = DatasetDefinition(), contract: DataSchema? = nil,
    format: UploadFormat = .csv, partition: String? = nil,
    eventTime: Timestamp = Timestamp(year: 2013, month: 4, day: 2)
  ) throws -> IngestOutcome {
    try run(Data(text.utf8), definition, contract: contract, format: format, partition: partition, eventTime: eventTime)
  }

  func run(
    _ bytes: Data, _ definition: DatasetDefinition, contract: DataSchema? = nil, format: UploadFormat = .csv,
    partition: String? = nil, eventTime: Timestamp = Timestamp(year: 2013, month: 4, day: 2)
  ) throws -> IngestOutcome {
    let upload = folder + "/upload"
    try bytes.write(to: URL(fileURLWithPath: upload))
    let arguments = IngestArguments(
      upload: upload, format: format, partition: partition, definition: definition, contract: contract, references: [:],
      output: folder + "/out", eventTime: eventTime)
    return try IngestJob.run(arguments, context())
  }

  func context() throws -> JobContext { JobContext(engines: try TestEngines.folder().path, scratch: folder) }

  /// All values of a column in a written partition.
  func texts(_ column: String, of partition: IngestedPartition) throws -> [String?] {
    let database = try DuckDB.open(engines: try TestEngines.folder(), allowedDirectories: [folder])
    return try database.query("SELECT CAST(\"\(column)\" AS VARCHAR) AS v FROM read_parquet('\(partition.path)')")
      .texts("v")
  }
}

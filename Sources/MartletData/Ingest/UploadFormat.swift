import MartletCore

/// The formats of files that can be delivered.
package enum UploadFormat: String, Sendable, Hashable, Codable, CaseIterable {
  case csv
  case jsonLines = "jsonl"
  case parquet

  /// By the file's extension; the error lists what is understood.
  package init(fileName: String) throws {
    var name = fileName.lowercased()
    if name.hasSuffix(".gz") { name.removeLast(3) }
    switch name.split(separator: ".").last {
    case "csv", "tsv", "txt": self = .csv
    case "jsonl", "ndjson", "json": self = .jsonLines
    case "parquet": self = .parquet
    default:
      throw MartletError(
        .unsupportedMediaType, "the format of '\(fileName.suffix(80))' is not known",
        fix: "deliver CSV (.csv), JSON lines (.jsonl, .ndjson) or Parquet (.parquet)")
    }
  }
}

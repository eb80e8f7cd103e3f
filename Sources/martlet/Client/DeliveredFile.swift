import AsyncHTTPClient
import MartletCore

/// A data file on its way to a dataset.
struct DeliveredFile: Sendable {
  let path: String
  /// The partition that the file is; nil when its rows decide.
  let partition: String?

  /// Sends the file and returns the server's report on it.
  func deliver(to dataset: String, _ session: Session) async throws -> JSON {
    let name = path.split(separator: "/").last.map(String.init)
    let target = partition.map { "/partitions/\(APIClient.escape($0))" } ?? "/deliveries"
    return try await session.client.upload(
      partition == nil ? .post : .put, dataset + target, query: ["file": name], file: path,
      mediaType: Self.mediaType(path))
  }

  /// What a file is, by its name.
  static func mediaType(_ path: String) throws -> String {
    let types = [
      ".csv": "text/csv", ".csv.gz": "application/gzip", ".jsonl": "application/x-ndjson",
      ".ndjson": "application/x-ndjson",
      ".json": "application/x-ndjson", ".parquet": "application/vnd.apache.parquet",
    ]
    guard let type = types.first(where: { path.lowercased().hasSuffix($0.key) })?.value else {
      throw MartletError(
        .unsupportedMediaType, "'\(path)' is not a kind of file that can be delivered",
        fix: "use .csv, .csv.gz, .jsonl or .parquet")
    }
    return type
  }
}

/// How deliveries are shown.
enum DeliveryColumns {
  static let report: [Column] = [
    .init("state", "state"), .init("partitions", "partitions"), .init("rows", "rows"), .init("version", "version"),
    .init("findings", "summary"),
  ]

  /// The findings that stopped a delivery, in one line.
  static func reason(_ report: JSON) -> String {
    let findings = (report["findings"]?.array ?? []).filter { $0["severity"]?.string == "error" }
    return findings.prefix(3).compactMap { $0["message"]?.string }.joined(separator: "; ")
  }
}

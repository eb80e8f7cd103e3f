import HTTPTypes
import MartletAccess
import MartletArtifacts
import MartletCore
import MartletData
import MartletLifecycle
import NIOCore

/// Datasets: deliveries, the live tail, versions, charts, quarantine.
struct DatasetRoutes: APIRoutes {
  let loop: ControlLoop

  private var data: DataCatalog { loop.platform.data }

  private static let path = "/projects/{project}/datasets/{dataset}"
  private static let uploads = [
    "text/csv", "application/gzip", "application/x-ndjson", "application/vnd.apache.parquet",
  ]

  var routes: [APIRoute] { reading + writing }

  // MARK: Reading

  private var reading: [APIRoute] {
    [
      APIRoute(
        .get, "/datasets", "listAllDatasets", "Datasets of every project", needs: .reading(.somewhere),
        response: .json(.page(of: Self.dataset))
      ) { request in
        try await items(try await data.datasets().filter { request.shows($0.key.project) })
      },
      APIRoute(
        .get, "/projects/{project}/datasets", "listDatasets", "A project's datasets",
        needs: .reading(.project), response: .json(.page(of: Self.dataset))
      ) { request in
        try await items(try await data.datasets(of: try request.identifier("project")))
      },
      APIRoute(
        .get, Self.path, "getDataset", "One dataset: definition, contract, newest version",
        needs: .reading(.project), response: .json(Self.dataset)
      ) { request in
        .json(try await json(try await data.dataset(try request.dataset()), detailed: true))
      },
      APIRoute(
        .get, Self.path + "/versions", "listDatasetVersions", "Versions, newest first", needs: .reading(.project),
        query: APIParameter.paging,
        response: .json(.page(of: Self.version))
      ) { request in
        let page = try await data.versions(try request.dataset(), limit: request.limit, token: request.pageToken)
        return try .page(page) { try JSON(snakeCase: $0) }
      },
      APIRoute(
        .get, Self.path + "/versions/{version}", "getDatasetVersion",
        "One version with its schema and, for each partition, file, statistics and source",
        needs: .reading(.project), response: .json(Self.version)
      ) { request in
        let version = try await data.version(try request.dataset(), try request.parameter("version"))
        return try .encoding(try await data.detail(version))
      },
      APIRoute(
        .get, Self.path + "/charts", "getControlCharts", "Control charts over all partitions, judged",
        needs: .reading(.project), response: .json(.page(of: .any))
      ) { request in
        .items(try await data.charts(try request.dataset()).map(ControlChartJSON.json))
      },
      APIRoute(
        .get, Self.path + "/quarantine", "listQuarantine", "Partitions that are held back, and why",
        needs: .reading(.project), response: .json(.page(of: Self.delivery))
      ) { request in
        .items(try await data.quarantine(try request.dataset()).map(DeliveryJSON.json))
      },
      APIRoute(
        .get, Self.path + "/partitions/{partition}/deliveries", "listDeliveries", "All deliveries of one partition",
        needs: .reading(.project), response: .json(.page(of: Self.delivery))
      ) { request in
        let found = try await data.deliveries(try request.dataset(), partition: try request.parameter("partition"))
        return .items(try found.map(DeliveryJSON.json))
      },
      APIRoute(
        .get, Self.path + "/profile", "getProfile", "Every column's distribution",
        needs: .reading(.project),
        query: [APIParameter("version", .text, "a version's id or number; the newest unless told")],
        response: .json(.any)
      ) { request in
        try .encoding(try await data.profile(try await version(request)))
      },
      APIRoute(
        .get, Self.path + "/preview", "getPreview", "The first rows",
        needs: .reading(.project),
        query: [
          APIParameter("version", .text, "a version's id or number; the newest unless told"),
          APIParameter("partition", .text, "only of this partition"),
          APIParameter("limit", .integer(minimum: 1, maximum: 1000), "at most this many rows, 50 unless told"),
        ], response: .json(.object(["columns": .array(.text), "rows": .array(.any)]))
      ) { request in
        try .encoding(
          try await data.preview(
            try await version(request), partition: request.text(query: "partition"),
            limit: Int(request.integer(query: "limit") ?? 50)))
      },
    ]
  }

  private func version(_ request: APIRequest) async throws -> DataVersion {
    try await data.version(try request.dataset(), request.text(query: "version") ?? "latest")
  }

  // MARK: Writing

  private var writing: [APIRoute] {
    [
      deliver(
        .put, "/partitions/{partition}", "deliverPartition",
        "Deliver one partition: it is checked, then committed or quarantined"),
      deliver(.post, "/deliveries", "deliverFile", "Deliver a file whose rows decide which partitions they belong to"),
      APIRoute(
        .post, Self.path + "/rows", "pushRows",
        "Append rows to the live tail; online features that read them are up to date when it answers",
        needs: .to(.log, on: .project),
        query: [APIParameter("at", .time, "when the rows became known; the project's time unless told")],
        body: .bytes(mediaTypes: ["text/csv", "application/x-ndjson"], limit: 64 << 20), response: .json(.any)
      ) { request in
        let key = try request.dataset()
        let bytes = try await request.stream.collect()
        let report = try await loop.deliveries.push(
          Array(bytes.readableBytesView), format: request.mediaType == "text/csv" ? .csv : .jsonLines, to: key,
          at: request.time(query: "at"), by: request.author)
        return .json([
          "rows": .integer(report.accepted), "covered": .integer(report.covered),
          "partitions": .array(report.partitions.map(JSON.string)),
        ])
      },
      APIRoute(
        .post, Self.path + "/missing", "findMissingFiles", "Which of these files have never been delivered here",
        needs: .reading(.project), body: .json(.object(["digests": .array(.text)], required: ["digests"])),
        response: .json(.object(["missing": .array(.text)], required: ["missing"]))
      ) { request in
        let known = try await deliveredSources(try request.dataset())
        let asked = (request.json["digests"]?.array ?? []).compactMap(\.string)
        return .json(["missing": .array(asked.filter { !known.contains($0) }.map(JSON.string))])
      },
      APIRoute(
        .post, Self.path + "/quarantine/{partition}/release", "releasePartition",
        "Accept a quarantined partition as it is", needs: .to(.log, on: .project),
        body: .json(.object(["reason": .text], required: ["reason"])),
        response: .json(.any)
      ) { request in
        let key = try request.dataset()
        let report = try await data.release(
          key, partition: try request.parameter("partition"), reason: request.json["reason"]?.string ?? "",
          at: try await loop.platform.now(of: key.project), by: request.author)
        return .json(try DeliveryJSON.json(report))
      },
    ]
  }

  private func deliver(_ method: HTTPRequest.Method, _ rest: String, _ operation: String, _ summary: String) -> APIRoute
  {
    APIRoute(
      method, Self.path + rest, operation, summary, needs: .to(.log, on: .project),
      query: [APIParameter("file", .text, "the file's name, which says its format", required: true)],
      body: .bytes(mediaTypes: Self.uploads, limit: 16 << 30), response: .json(Self.report)
    ) { request in
      let key = try request.dataset()
      _ = try await data.dataset(key)
      let upload = try await store(request.stream)
      let report = try await loop.deliveries.deliver(
        upload, named: request.text(query: "file") ?? "", to: key, partition: request.optionalParameter("partition"),
        by: request.author)
      return .json(try DeliveryJSON.json(report))
    }
  }

  /// The bytes as they arrive, into the artifact store, without holding them.
  private func store(_ body: LimitedBody) async throws -> Blob {
    let writer = try await data.artifacts.writer()
    do {
      for try await buffer in body { try await writer.append(buffer) }
      return try await writer.finish()
    } catch {
      await writer.abort()
      throw error
    }
  }

  private func deliveredSources(_ key: DatasetKey) async throws -> Set<String> {
    guard let head = try await data.head(key) else { return [] }
    let committed = try await data.detail(head).partitions.compactMap { $0.source?.hex }
    return Set(committed).union(try await data.quarantine(key).map(\.source.hex))
  }

  // MARK: Shapes

  private func items(_ records: [DatasetRecord]) async throws -> APIResponse {
    var items: [JSON] = []
    for record in records { items.append(try await json(record, detailed: false)) }
    return .items(items)
  }

  private func json(_ record: DatasetRecord, detailed: Bool) async throws -> JSON {
    let head = try await data.head(record.key)
    let held = try await data.quarantine(record.key)
    var json: [String: JSON] = [
      "project": .string(record.key.project.text), "name": .string(record.key.name.text),
      "updated": .string(record.updatedAt.description), "quarantined": .integer(Int64(held.count)),
    ]
    if let head {
      json["version"] = .integer(Int64(head.number))
      json["version_id"] = .string(head.id.text)
      json["rows"] = .integer(head.rows)
      json["partitions"] = .integer(Int64(head.partitions))
      json["bytes"] = .integer(head.bytes)
    }
    guard detailed else { return .object(json) }
    json["definition"] = try JSON(snakeCase: record.definition)
    json["contract"] = try record.contract.map { try JSON(snakeCase: $0) }
    json["tail_rows"] = .integer(try await data.tail(record.key).reduce(0) { $0 + $1.rows })
    if let head {
      let files = try await data.manifest(head).files
      json["first_partition"] = files.first.map { .string($0.partition) }
      json["last_partition"] = files.last.map { .string($0.partition) }
    }
    return .object(json)
  }

  private static let dataset = APISchema.named(
    "Dataset",
    .object(
      [
        "project": .text, "name": .text, "version": .count, "version_id": .text, "rows": .count, "partitions": .count,
        "bytes": .count, "updated": .time, "quarantined": .count,
      ], required: ["project", "name"], open: true))
  private static let version = APISchema.named("DataVersion", .object([:], open: true))
  private static let delivery = APISchema.named(
    "Delivery",
    .object(
      ["partition": .text, "status": .text, "rows": .count, "reason": .text], required: ["partition"], open: true))
  private static let report = APISchema.named(
    "DeliveryReport",
    .object(
      ["state": .string(oneOf: ["committed", "quarantined", "unchanged"]), "summary": .text, "rows": .count],
      required: ["state"], open: true))
}

extension APIRequest {
  /// `{project}` and `{dataset}` of the path.
  func dataset() throws -> DatasetKey {
    DatasetKey(project: try identifier("project"), name: try identifier("dataset"))
  }

  func optionalParameter(_ name: String) -> String? { pathParameters[name] }
}

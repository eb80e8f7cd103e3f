import Foundation
import HTTPTypes
import MartletAccess
import MartletArtifacts
import MartletCore
import MartletLifecycle
import MartletTracking
import NIOCore

/// Imports from other MLflow servers: a client reads the source and brings everything in large batches.
struct ImportRoutes: APIRoutes {
  let imports: Imports

  var routes: [APIRoute] { [list, begin, get, missing, blob, batch, finish] }

  private var list: APIRoute {
    APIRoute(
      .get, "/imports", "listImports", "Imports from other servers, newest first", needs: .to(.users, on: .everywhere),
      query: [APIParameter("limit", .integer(minimum: 1, maximum: 1000), "at most this many, 100 unless told")],
      response: .json(.page(of: Self.shape))
    ) { request in
      .items(try await imports.records(limit: request.limit).map(Self.json))
    }
  }

  private var begin: APIRoute {
    APIRoute(
      .post, "/imports", "beginImport",
      "Begin an import, or go on with the last one of the same source; names that are taken refuse it",
      needs: .to(.users, on: .everywhere),
      body: .json(
        .object(
          [
            "source": .text, "into_existing": .boolean, "experiments": .array(.text), "models": .array(.text),
          ], required: ["source"])), response: .created(Self.shape)
    ) { request in
      let body = request.json
      func names(_ key: String) -> [String] { (body[key]?.array ?? []).compactMap(\.string) }
      let record = try await imports.begin(
        source: body["source"]?.string ?? "", intoExisting: body["into_existing"]?.boolean ?? false,
        experiments: names("experiments"), models: names("models"), by: request.author)
      return .json(Self.json(record))
    }
  }

  private var get: APIRoute {
    APIRoute(
      .get, "/imports/{import}", "getImport", "One import: how far it is, and how it ended",
      needs: .to(.users, on: .everywhere),
      response: .json(Self.shape)
    ) { request in
      .json(Self.json(try await imports.record(try request.identifier("import"))))
    }
  }

  private var missing: APIRoute {
    APIRoute(
      .post, "/imports/{import}/missing", "findMissingImportItems", "Which of these are not here completely yet",
      needs: .to(.users, on: .everywhere),
      body: .json(
        .object(
          [
            "kind": .string(oneOf: Self.kinds), "items": .array(.text),
          ], required: ["kind", "items"])),
      response: .json(.object(["missing": .array(.text)], required: ["missing"]))
    ) { request in
      let items = (request.json["items"]?.array ?? []).compactMap(\.string)
      let missing = try await imports.missing(
        request.json["kind"]?.string ?? "", items, of: try request.identifier("import"))
      return .json(["missing": .array(missing.map(JSON.string))])
    }
  }

  private var blob: APIRoute {
    APIRoute(
      .put, "/imports/{import}/blobs", "sendImportBlob", "Send a file's bytes; batches name it by its digest",
      needs: .to(.users, on: .everywhere),
      body: .bytes(mediaTypes: ["application/octet-stream"], limit: 1 << 40),
      response: .json(.object(["digest": .text, "bytes": .count], required: ["digest", "bytes"]))
    ) { request in
      try await imports.demand(try request.identifier("import"))
      let writer = try await imports.writer()
      do {
        for try await buffer in request.stream { try await writer.append(buffer) }
        let blob = try await writer.finish()
        return .json(["digest": .string(blob.digest.hex), "bytes": .integer(blob.size)])
      } catch {
        await writer.abort()
        throw error
      }
    }
  }

  private var batch: APIRoute {
    APIRoute(
      .post, "/imports/{import}/batches", "addImportBatch",
      "Add records with the ids and times they had at the source, all or nothing; repeating one changes nothing",
      needs: .to(.users, on: .everywhere),
      body: .bytes(mediaTypes: ["application/json"], limit: 64 << 20), response: .noContent
    ) { request in
      // Read once, straight into its shape: most of an import passes here.
      let body = Data(try await request.stream.collect().readableBytesView)
      try await imports.add(
        try JSON.decode(snakeCase: ImportBatch.self, from: body), to: try request.identifier("import"),
        by: request.author)
      return .empty
    }
  }

  private var finish: APIRoute {
    APIRoute(
      .post, "/imports/{import}/finish", "finishImport", "Compare what is here with what the client counted there",
      needs: .to(.users, on: .everywhere),
      body: .json(.object(["theirs": .map(Self.line)], required: ["theirs"])), response: .json(Self.shape)
    ) { request in
      let theirs = TransferTally(request.json["theirs"] ?? [:])
      let record = try await imports.finish(try request.identifier("import"), theirs: theirs, by: request.author)
      return .json(Self.json(record))
    }
  }

  private static func json(_ record: ImportRecord) -> JSON {
    var json: [String: JSON] = [
      "id": .string(record.id.text), "source": .string(record.source), "state": .string(record.state.rawValue),
      "into_existing": .boolean(record.intoExisting), "author": .string(record.author),
      "created": .string(record.createdAt.description), "updated": .string(record.updatedAt.description),
      "counts": .object(record.counts.mapValues { .integer(Int64($0)) }),
    ]
    json["report"] = record.report
    return .object(json)
  }

  private static let kinds = ["run", "logged model", "model", "blob", "own experiment", "own model"]
  private static let line = APISchema.object(
    ["count": .count, "checksum": .text], required: ["count", "checksum"])
  private static let shape = APISchema.named(
    "Import",
    .object(
      [
        "id": .text, "source": .text, "state": .string(oneOf: ImportRecord.State.allCases.map(\.rawValue)),
        "into_existing": .boolean, "author": .text, "created": .time, "updated": .time, "counts": .map(.count),
        "report": .any,
      ], required: ["id", "source", "state", "counts"]))
}

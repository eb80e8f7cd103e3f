import HTTPTypes
import MartletAccess
import MartletCore
import MartletLedger
import MartletLifecycle

/// The record of every change, and the proof that none was altered.
struct LedgerRoutes: APIRoutes {
  let ledger: Ledger

  var routes: [APIRoute] { [list, verify] }

  private var list: APIRoute {
    APIRoute(
      .get, "/ledger", "listLedgerEntries", "Entries, newest first",
      needs: .reading(.somewhere),
      query: APIParameter.paging + [
        APIParameter("object", .text, "only about objects whose name starts so: model:flight-delay"),
        APIParameter("action", .text, "only actions whose name starts so: deployment."),
        APIParameter("actor", .text, "only by this person"),
        APIParameter("from", .time, "only from this time on"), APIParameter("until", .time, "only before this time"),
      ], response: .json(.page(of: Self.entry))
    ) { request in
      let filter = LedgerFilter(
        objectPrefix: request.text(query: "object"),
        actions: request.text(query: "action").map { ["\($0)*"] } ?? [], actor: request.text(query: "actor"),
        from: request.time(query: "from"), until: request.time(query: "until"), newestFirst: true)
      let page = try await ledger.entries(matching: filter, limit: request.limit, after: request.pageToken)
      let shown = try await request.sight?.entries(page.items) ?? page.items
      return .page(Page(shown, nextToken: page.nextToken), Self.json)
    }
  }

  private var verify: APIRoute {
    APIRoute(
      .get, "/ledger/verify", "verifyLedger", "Recompute every hash and link of the ledger",
      needs: .to(.read, .export, on: .everywhere),
      response: .json(
        .object(
          [
            "intact": .boolean, "entries": .count, "sealed": .count, "unsealed": .count, "head": .text,
            "broken_sequence": .integer(), "problem": .text, "problems": .array(.any),
          ], required: ["intact", "entries"]))
    ) { _ in
      .json(Self.json(try await ledger.verify()))
    }
  }

  static func json(_ record: LedgerRecord) -> JSON {
    var json: [String: JSON] = [
      "id": .integer(record.id), "time": .string(record.time.description), "actor": .string(record.author.name),
      "role": .string(record.author.role), "action": .string(record.entry.action),
      "object": .string(record.entry.object),
    ]
    json["sequence"] = record.sequence.map(JSON.integer)
    json["before"] = record.entry.before
    json["after"] = record.entry.after
    json["reason"] = record.entry.reason.map(JSON.string)
    json["request_id"] = record.author.requestID.map(JSON.string)
    json["hash"] = record.hash.map { .string($0.hex) }
    return .object(json)
  }

  private static func json(_ result: LedgerVerification) -> JSON {
    let first = result.problems.first
    var json: [String: JSON] = [
      "intact": .boolean(result.isIntact), "entries": .integer(result.sealedEntries + result.unsealedEntries),
      "sealed": .integer(result.sealedEntries), "unsealed": .integer(result.unsealedEntries),
      "problems": .array(
        result.problems.map { problem in
          [
            "kind": .string(problem.kind.rawValue), "message": .string(problem.message),
            "sequence": problem.sequence.map(JSON.integer) ?? .null,
          ]
        }),
    ]
    json["head"] = result.head.map { .string($0.hash) }
    json["broken_sequence"] = first?.sequence.map(JSON.integer)
    json["problem"] = first.map { .string($0.message) }
    return .object(json)
  }

  private static let entry = APISchema.named(
    "LedgerEntry",
    .object(
      [
        "id": .count, "sequence": .count, "time": .time, "actor": .text, "role": .text, "action": .text,
        "object": .text, "before": .any, "after": .any, "reason": .text, "request_id": .text, "hash": .text,
      ], required: ["id", "time", "actor", "action", "object"]))
}

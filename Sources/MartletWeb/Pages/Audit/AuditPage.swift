import MartletCore
import MartletLedger
import MartletLifecycle

/// The ledger: every change, who made it and why; and whether the chain is as it was sealed.
struct AuditPage {
  /// What the filter's fields hold.
  struct Filter {
    var action = ""
    var object = ""
    var actor = ""

    init(_ request: PageRequest) {
      action = request.text("action") ?? ""
      object = request.text("object") ?? ""
      actor = request.text("actor") ?? ""
    }

    var ledgerFilter: LedgerFilter {
      let endsOpen = object.hasSuffix("*")
      let isWhole = !object.isEmpty && !endsOpen
      return LedgerFilter(
        object: isWhole ? object : nil, objectPrefix: endsOpen ? String(object.dropLast()) : nil,
        actions: action.isEmpty ? [] : [action], actor: actor.isEmpty ? nil : actor)
    }
  }

  struct Verification {
    var isIntact: Bool
    var words: String
    var problems: [String]

    init(_ result: LedgerVerification) {
      isIntact = result.isIntact
      problems = result.problems.map(\.message)
      let tail =
        result.unsealedEntries == 0
        ? "" : "; \(counted(result.unsealedEntries, "newer entry", "newer entries")) not sealed yet"
      let end = result.checkpointCompared ? ", its end matches the signed checkpoint" : ""
      words =
        result.isIntact
        ? "Intact: \(counted(result.sealedEntries, "sealed entry", "sealed entries")) checked\(end)\(tail)."
        : "Not intact: \(counted(result.problems.count, "problem")) in \(counted(result.sealedEntries, "sealed entry", "sealed entries"))\(tail)."
    }
  }

  var filter: Filter
  var entries: String
  var verification: Verification?
  var verifyLink: String
  var nextLink: String?

  init(_ records: [LedgerRecord], next: String?, filter: Filter, verification: LedgerVerification? = nil) {
    self.filter = filter
    self.verification = verification.map(Verification.init)
    entries = Self.table(records, empty: "No entries match.").html
    verifyLink = link(
      "/audit", ["action": filter.action, "object": filter.object, "actor": filter.actor, "verify": "1"])
    nextLink = next.map {
      link("/audit", ["action": filter.action, "object": filter.object, "actor": filter.actor, "after": $0])
    }
  }

  static func load(_ platform: Platform, _ request: PageRequest) async throws -> Page {
    let filter = Filter(request)
    let entries = try await platform.ledger.entries(
      matching: filter.ledgerFilter, limit: 100, after: request.text("after"))
    let verification = request.text("verify") == nil ? nil : try await platform.ledger.verify()
    let shown = try await request.sight?.entries(entries.items) ?? entries.items
    let model = AuditPage(shown, next: entries.nextToken, filter: filter, verification: verification)
    return Page(
      title: "Audit", section: .audit, template: "audit", model: model,
      apiLink: link("/api/v1/ledger", ["action": filter.action, "object": filter.object, "actor": filter.actor]),
      command: verification == nil ? "martlet audit log" : "martlet audit verify")
  }

  static func table(_ records: [LedgerRecord], empty: String) -> Table {
    Table(
      "Ledger entries",
      columns: [
        .number("No."), .init("Time (UTC)"), .init("What"), .init("Object"), .init("By"), .init("Why or what changed"),
      ],
      rows: records.map { record in
        let number = record.sequence.map { Cell.count($0) } ?? Cell(html: #"<span class="muted">not sealed</span>"#)
        let change = record.entry.reason ?? record.entry.after.flatMap(words)
        return Table.Row(
          [
            number, .time(record.time), Cell(html: "<code>\(escaped(record.entry.action))</code>"),
            .text(ObjectLink.label(record.entry.object), link: ObjectLink.page(of: record.entry.object)),
            .text(record.author.name, detail: record.author.role),
            Cell(html: change.map(escaped) ?? "–", wraps: true),
          ], id: "entry-\(record.id)")
      }, empty: empty)
  }
}

import MartletCore
import MartletExchange
import MartletLifecycle
import NIOCore

/// The server that an import brings things to, through its native API.
struct ImportTarget: Sendable {
  let client: APIClient
  let id: String

  private var path: String { "/imports/\(APIClient.escape(id))" }

  /// Begins an import, or goes on with the last one of the same source.
  static func begin(
    _ client: APIClient, source: String, intoExisting: Bool, experiments: [String], models: [String]
  ) async throws -> ImportTarget {
    let record = try await client.send(
      .post, "/imports",
      [
        "source": .string(source), "into_existing": .boolean(intoExisting),
        "experiments": .array(experiments.map(JSON.string)), "models": .array(models.map(JSON.string)),
      ])
    return ImportTarget(client: client, id: record["id"]?.string ?? "")
  }

  /// Which of these are not there completely yet.
  func missing(_ kind: String, _ items: [String]) async throws -> Set<String> {
    guard !items.isEmpty else { return [] }
    let answer = try await client.send(
      .post, path + "/missing", ["kind": .string(kind), "items": .array(items.map(JSON.string))])
    return Set((answer["missing"]?.array ?? []).compactMap(\.string))
  }

  func send(_ batch: ImportBatch) async throws {
    try await client.send(
      .post, path + "/batches", bytes: Array(try JSON.encode(snakeCase: batch)), mediaType: "application/json")
  }

  /// Sends a file, and makes sure that what arrived is what was read.
  func send(_ file: ForeignFile, _ owner: ArtifactOwner, from source: any MLflowSource, _ digests: FileDigests)
    async throws
  {
    let sent: JSON
    let read: FileDigests.Blob
    switch file.place {
    case .local(let local):
      sent = try await client.upload(.put, path + "/blobs", file: local, mediaType: "application/octet-stream")
      read = try await digests.blob(of: file, owner, at: source)
    case .remote(let address):
      let bytes = HashingBytes(try await source.read(address))
      sent = try await client.upload(.put, path + "/blobs", bytes: bytes, mediaType: "application/octet-stream")
      read = bytes.blob
    }
    guard sent["digest"]?.string == read.digest.hex, sent["bytes"]?.integer == read.size,
      file.size == nil || file.size == read.size
    else {
      throw MartletError(
        .checkFailed, "the file '\(file.path.prefix(200))' of \(owner.text) did not arrive as it is at the source",
        cause: "its size or its SHA-256 differ", fix: "let nothing write there during an import, and run it again")
    }
    digests.remember(read, of: file, owner)
  }

  /// Makes the webhooks that are not there yet, disabled, since their secrets cannot be brought; returns remarks.
  func send(_ webhooks: [ForeignWebhook]) async throws -> [String] {
    let known = Set(
      try await client.items("/webhooks").map { "\($0["name"]?.string ?? "") \($0["url"]?.string ?? "")" })
    var remarks: [String] = []
    for webhook in webhooks where !known.contains("\(webhook.name) \(webhook.url)") {
      var body: [String: JSON] = [
        "name": .string(webhook.name), "url": .string(webhook.url), "status": "disabled",
        "events": .array(webhook.events.map(JSON.string)),
      ]
      body["description"] = webhook.description.map(JSON.string)
      do {
        let made = try await client.send(.post, "/webhooks", .object(body))
        remarks.append(
          "the webhook '\(webhook.name)' is here, disabled and without its secret: "
            + "martlet webhook update \(made["id"]?.string ?? "") --secret-file FILE --status active")
      } catch let error as MartletError where error.code == .invalidInput {
        remarks.append("the webhook '\(webhook.name)' stays behind: \(error.message)")
      }
    }
    return remarks
  }

  func finish(_ theirs: JSON) async throws -> JSON {
    try await client.send(.post, path + "/finish", ["theirs": theirs])
  }
}

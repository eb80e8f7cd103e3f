import MartletCore
import MartletReplay

/// A replay's calls as calls of the native API.
struct ReplaySession: ReplayServer {
  let client: APIClient
  let project: String

  private var path: String { "/projects/\(APIClient.escape(project))" }

  func now() async throws -> Timestamp? {
    let clock = try await client.get(path + "/clock")
    guard clock["driven"]?.boolean != false else { return nil }
    return clock["now"]?.string.flatMap { Timestamp($0) }
  }

  func advance(to time: Timestamp) async throws -> [String] {
    let answer = try await client.send(.post, path + "/clock", ["now": .string(time.description)])
    return answer["events"]?.array?.compactMap(\.string) ?? []
  }

  func push(_ csv: [UInt8], to dataset: String, at time: Timestamp) async throws {
    try await client.send(
      .post, "\(path)/datasets/\(APIClient.escape(dataset))/rows", query: ["at": time.description], bytes: csv,
      mediaType: "text/csv")
  }

  func deliver(_ file: String, to dataset: String, partition: String) async throws -> String? {
    let name = file.split(separator: "/").last.map(String.init)
    do {
      let report = try await client.upload(
        .put, "\(path)/datasets/\(APIClient.escape(dataset))/partitions/\(APIClient.escape(partition))",
        query: ["file": name], file: file, mediaType: DeliveredFile.mediaType(file))
      return report["state"]?.string == "quarantined" ? DeliveryColumns.reason(report) : nil
    } catch let error as MartletError where [.invalidInput, .checkFailed, .conflict].contains(error.code) {
      return error.message
    }
  }

  func record(_ outcomes: [ReplayOutcome], for endpoint: String) async throws {
    let list = outcomes.map { outcome -> JSON in
      ["id": .string(outcome.id), "value": .double(outcome.value), "at": .string(outcome.at.description)]
    }
    try await client.send(
      .post, "/endpoints/\(APIClient.escape(endpoint))/outcomes", ["outcomes": .array(list)])
  }

  /// Where the endpoint answers; a scoring plane that is just starting is waited for.
  func address(of endpoint: String) async throws -> String {
    for attempt in 0..<50 {
      if attempt > 0 { try await Task.sleep(for: .milliseconds(200)) }
      let found = try await client.get("/endpoints/\(APIClient.escape(endpoint))")
      if let url = found["url"]?.string { return url }
    }
    throw MartletError(
      .unavailable, "the endpoint '\(endpoint)' does not answer",
      cause: "no version is live on it, or its scoring process does not start",
      fix: "deploy a version to it: martlet run")
  }
}

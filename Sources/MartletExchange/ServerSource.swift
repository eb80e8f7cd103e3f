import MartletCore
package import MartletRegistry
package import MartletTracking
import NIOCore

/// A running MLflow server, read through its REST interface.
///
/// What it does not tell: when a run was deleted, logged models that are deleted, and the greatest number a deleted
/// version had.
package struct ServerSource: MLflowSource {
  package let name: String
  let client: MLflowClient
  static let root = "/api/2.0/mlflow"

  package init(_ client: MLflowClient) {
    self.client = client
    name = client.server
  }

  package func check() async throws -> [String] {
    let version: String
    do {
      var bytes = ByteBuffer()
      for try await part in try await client.bytes("/version") { bytes.writeImmutableBuffer(part) }
      version = String(decoding: bytes.readableBytesView.prefix(40), as: UTF8.self)
    } catch let error as MartletError where error.code == .notFound {
      throw MartletError.invalidInput(
        "the server at \(name) is no MLflow server", fix: "name its address without a path")
    }
    return ["MLflow \(version.filter { $0.isASCII && !$0.isWhitespace })"]
  }

  // MARK: - Tracking

  package func experiments() async throws -> [ImportedExperiment] {
    var found: [ImportedExperiment] = []
    try await pages(
      "/experiments/search", ["view_type": "ALL", "max_results": 1000, "order_by": ["experiment_id ASC"]]
    ) {
      for json in $0["experiments"]?.array ?? [] { found.append(try ImportedExperiment(wire: json)) }
    }
    return found
  }

  package func forEachRuns(of experiment: String, _ body: ([ImportedRun]) async throws -> Void) async throws {
    try await pages(
      "/runs/search", ["experiment_ids": [.string(experiment)], "run_view_type": "ALL", "max_results": 200]
    ) { page in
      try await body(try (page["runs"]?.array ?? []).map(ImportedRun.init(wire:)))
    }
  }

  package func forEachLoggedModels(of experiment: String, _ body: ([ImportedLoggedModel]) async throws -> Void)
    async throws
  {
    do {
      try await pages("/logged-models/search", ["experiment_ids": [.string(experiment)], "max_results": 50]) { page in
        try await body(try (page["models"]?.array ?? []).map(ImportedLoggedModel.init(wire:)))
      }
    } catch let error as MartletError where error.code == .notFound {
      // A server before MLflow 3 has none.
    }
  }

  // MARK: - Registry

  package func modelNames() async throws -> [String] {
    var names: [String] = []
    for filter in ["", Self.prompts] {
      var token: String?
      repeat {
        var query = [("max_results", "100"), ("filter", filter)].filter { !$0.1.isEmpty }
        if let token { query.append(("page_token", token)) }
        let page = try await client.get(Self.root + "/registered-models/search", query)
        names += (page["registered_models"]?.array ?? []).compactMap { $0["name"]?.string }
        token = page["next_page_token"]?.string.flatMap { $0.isEmpty ? nil : $0 }
      } while token != nil
    }
    return names
  }

  private static let prompts = "tags.`mlflow.prompt.is_prompt` = 'true'"

  package func model(_ name: String) async throws -> ImportedModel {
    let json = try await client.get(Self.root + "/registered-models/get", [("name", name)])["registered_model"] ?? [:]
    var model = try ImportedModel(wire: json)
    let quote = name.contains("'") ? "\"" : "'"
    let isPrompt = model.tags["mlflow.prompt.is_prompt"]?.lowercased() == "true"
    var token: String?
    repeat {
      let filter = "name = \(quote)\(name)\(quote)" + (isPrompt ? " AND " + Self.prompts : "")
      var query = [("filter", filter), ("max_results", "1000"), ("order_by", "version_number ASC")]
      if let token { query.append(("page_token", token)) }
      let page = try await client.get(Self.root + "/model-versions/search", query)
      model.versions += try (page["model_versions"]?.array ?? []).map(ImportedVersion.init(wire:))
      token = page["next_page_token"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    } while token != nil
    return model
  }

  package func webhooks() async throws -> [ForeignWebhook] {
    var (found, token): ([ForeignWebhook], String?) = ([], nil)
    repeat {
      let page: JSON
      do {
        page = try await client.get(
          Self.root + "/webhooks", [("max_results", "100")] + (token.map { [("page_token", $0)] } ?? []))
      } catch let error as MartletError where error.code != .unavailable {
        // A server before MLflow 3.3 has none, and some tell them to administrators only.
        return found
      }
      for json in page["webhooks"]?.array ?? [] {
        let events = (json["events"]?.array ?? []).map { event in
          "\(event["entity"]?.string?.lowercased() ?? "").\(event["action"]?.string?.lowercased() ?? "")"
        }
        found.append(
          ForeignWebhook(
            name: json["name"]?.string ?? "", url: json["url"]?.string ?? "", events: events,
            description: json["description"]?.string))
      }
      token = page["next_page_token"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    } while token != nil
    return found
  }

  // MARK: - Artifacts

  /// The server hands out every file, wherever it keeps it.
  package func lastingAddress(_ uri: String?) -> String? { nil }

  package func artifacts(of owner: ArtifactOwner, uri: String?) async throws -> ForeignArtifacts {
    do {
      return .files(try await files(of: owner, in: ""))
    } catch let error as MartletError where error.code == .notFound {
      return .files([])
    }
  }

  private func files(of owner: ArtifactOwner, in folder: String) async throws -> [ForeignFile] {
    var found: [ForeignFile] = []
    for entry in try await entries(of: owner, in: folder) {
      guard let path = entry["path"]?.string else { continue }
      if entry["is_dir"]?.boolean == true {
        found += try await files(of: owner, in: path)
      } else {
        found.append(
          ForeignFile(path: path, size: entry["file_size"]?.integer, place: .remote(Self.address(of: owner, path))))
      }
    }
    return found
  }

  private func entries(of owner: ArtifactOwner, in folder: String) async throws -> [JSON] {
    var (found, token): ([JSON], String?) = ([], nil)
    repeat {
      var query = token.map { [("page_token", $0)] } ?? []
      let page: JSON
      switch owner {
      case .run(let id):
        query += [("run_id", id), ("path", folder)].filter { !$0.1.isEmpty }
        page = try await client.get(Self.root + "/artifacts/list", query)
      case .loggedModel(let id):
        query += [("artifact_directory_path", folder)].filter { !$0.1.isEmpty }
        page = try await client.get(
          Self.root + "/logged-models/\(MLflowClient.escape(id))/artifacts/directories", query)
      }
      found += page["files"]?.array ?? []
      token = page["next_page_token"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    } while token != nil
    return found
  }

  private static func address(of owner: ArtifactOwner, _ path: String) -> String {
    let path = MLflowClient.escape(path)
    switch owner {
    case .run(let id): return "/get-artifact?run_uuid=\(MLflowClient.escape(id))&path=\(path)"
    case .loggedModel(let id):
      return "/ajax-api/2.0/mlflow/logged-models/\(MLflowClient.escape(id))/artifacts/files?artifact_file_path=\(path)"
    }
  }

  package func read(_ address: String) async throws -> RemoteBytes {
    try await client.bytes(address)
  }

  /// Every page of a search.
  func pages(_ path: String, _ body: [String: JSON], _ page: (JSON) async throws -> Void) async throws {
    var token: String?
    repeat {
      var asked = body
      asked["page_token"] = token.map(JSON.string)
      let answer = try await client.post(Self.root + path, .object(asked))
      try await page(answer)
      token = answer["next_page_token"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    } while token != nil
  }
}

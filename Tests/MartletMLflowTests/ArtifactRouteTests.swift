import HTTPTypes
import MartletCore
import MartletTracking
import Testing

@Suite("Artifacts over the MLflow API")
struct ArtifactRouteTests {
  private static let proxy = "/api/2.0/mlflow-artifacts/artifacts"

  @Test("A file is stored, listed, fetched whole and in part, and deleted")
  func roundTrip() async throws {
    let server = try await MLflowServer()
    let run = try await server.tracker.createRun(.init(experiment: "0"), by: .martlet)
    let root = "0/\(run.id)/artifacts"
    try await server.run { client in
      let text = "<script>0123456789</script>"
      let stored = try await client.send(.put, "\(Self.proxy)/\(root)/a%20b/p%C3%BC.html", text, type: "text/html")
      #expect(stored.status == .ok, "\(stored.text)")
      let listed = try await client.get("artifacts/list?run_id=\(run.id)&path=a+b")
      #expect(listed["root_uri"] == .string("mlflow-artifacts:/\(root)"))
      #expect(
        listed["files"] == [["path": "a b/pü.html", "is_dir": false, "file_size": .integer(Int64(text.utf8.count))]])
      _ = try await client.send(.put, "\(Self.proxy)/\(root)/twice/twice", "x", type: "text/plain")
      let twice = try await client.get("artifacts/list?run_id=\(run.id)&path=twice")
      #expect(twice["files"] == [["path": "twice/twice", "is_dir": false, "file_size": 1]])
      let file = try await client.get("artifacts/list?run_id=\(run.id)&path=twice/twice")
      #expect(file["files"] == nil)
      _ = try await client.send(.delete, "\(Self.proxy)/\(root)/twice")
      let proxied = try await client.send(.get, "\(Self.proxy)?path=\(root)")
      #expect(proxied["files"] == [["path": "a b", "is_dir": true]])
      let whole = try await client.send(.get, "\(Self.proxy)/\(root)/a%20b/p%C3%BC.html")
      #expect(whole.text == text)
      #expect(whole.headers[.contentDisposition]?.hasPrefix("attachment") == true)
      #expect(whole.headers[.xContentTypeOptions] == "nosniff")
      let part = try await client.send(
        .get, "\(Self.proxy)/\(root)/a%20b/p%C3%BC.html", headers: [.range: "bytes=8-9"])
      #expect(part.status == .partialContent)
      #expect(part.text == "01")
      let tag = try #require(whole.headers[.eTag])
      let same = try await client.send(
        .get, "\(Self.proxy)/\(root)/a%20b/p%C3%BC.html", headers: [.ifNoneMatch: tag])
      #expect(same.status == .notModified)
      let page = try await client.send(.get, "/get-artifact?run_uuid=\(run.id)&path=a+b/p%C3%BC.html")
      #expect(page.text == text)
      #expect(try await client.send(.delete, "\(Self.proxy)/\(root)/a%20b").status == .ok)
      #expect(try await client.get("artifacts/list?run_id=\(run.id)&path=a+b")["files"] == nil)
      let gone = try await client.send(.get, "\(Self.proxy)/\(root)/a%20b/p%C3%BC.html")
      #expect(gone.status == .notFound)
      #expect(gone.code == "RESOURCE_DOES_NOT_EXIST")
    }
  }

  @Test(
    "Paths that lead elsewhere are refused in every encoding",
    arguments: [
      "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%252e%252e", "a/%2e%2e/b", "a%5c..%5cb", "a%00b", "a%0ab", "a//b",
      "./a", "%2fetc%2fpasswd", "a/..", "a%80",
    ])
  func traversal(path: String) async throws {
    let server = try await MLflowServer()
    let run = try await server.tracker.createRun(.init(experiment: "0"), by: .martlet)
    try await server.run { client in
      for method in [HTTPRequest.Method.get, .put, .delete] {
        let answer = try await client.send(
          method, "\(Self.proxy)/0/\(run.id)/artifacts/\(path)", method == .put ? "x" : nil, type: "text/plain")
        #expect(answer.status == .badRequest, "\(method) \(answer.text)")
      }
      let listed = try await client.get("artifacts/list?run_id=\(run.id)&path=\(path)")
      #expect(listed.status == .badRequest, "\(listed.text)")
    }
    #expect(try await server.tracker.artifactFiles(below: "").isEmpty)
  }

  @Test("A registered version shows the files it was registered with, whatever becomes of the run's")
  func registeredFiles() async throws {
    let server = try await MLflowServer()
    let run = try await server.tracker.createRun(.init(experiment: "0"), by: .martlet)
    let root = "0/\(run.id)/artifacts"
    try await server.run { client in
      _ = try await client.send(.put, "\(Self.proxy)/\(root)/model/MLmodel", "one", type: "text/plain")
      _ = try await client.post("registered-models/create", #"{"name": "my model"}"#)
      let created = try await client.post(
        "model-versions/create",
        #"{"name": "my model", "source": "mlflow-artifacts:/\#(root)/model", "run_id": "\#(run.id)"}"#)
      #expect(created["model_version.version"] == "1", "\(created.text)")
      #expect(created["model_version.status"] == "READY")
      _ = try await client.send(.put, "\(Self.proxy)/\(root)/model/MLmodel", "two", type: "text/plain")
      let uri = try await client.get("model-versions/get-download-uri?name=my+model&version=1")
      #expect(uri["artifact_uri"] == "mlflow-artifacts:/registry/my model/1")
      let file = try await client.send(.get, "\(Self.proxy)/registry/my%20model/1/MLmodel")
      #expect(file.text == "one")
      let listed = try await client.send(.get, "\(Self.proxy)?path=registry/my+model/1")
      #expect(listed["files"] == [["path": "MLmodel", "is_dir": false, "file_size": 3]])
      let refused = try await client.send(.put, "\(Self.proxy)/registry/my%20model/1/MLmodel", "x", type: "text/plain")
      #expect(refused.status == .badRequest)
    }
  }
}

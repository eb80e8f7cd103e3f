import HTTPTypes
import MartletCore
import MartletTesting
import Testing

private let events = #""events": [{"entity": "MODEL_VERSION", "action": "CREATED"}]"#
private func body(_ more: String = "") -> String {
  #"{"name": "ci", "url": "https://h.example/x", \#(events)\#(more)}"#
}

@Suite("Webhooks over the MLflow API")
struct WebhookRouteTests {
  @Test("A webhook is created, listed, changed, tested and deleted", arguments: TestDatabase.kinds)
  func roundTrip(kind: TestDatabase.Kind) async throws {
    try await MLflowServer(kind).run { client in
      #expect(try await client.get("webhooks").text == "{}")
      let created = try await client.post("webhooks", body(#", "secret": "sesame", "description": "d""#))
      let id = try #require(created["webhook.webhook_id"]?.string)
      #expect(created["webhook.events"] == [["entity": "MODEL_VERSION", "action": "CREATED"]])
      #expect(created["webhook.status"] == "ACTIVE" && created["webhook.description"] == "d")
      #expect(created["webhook.creation_timestamp"]?.integer == created["webhook.last_updated_timestamp"]?.integer)
      let path = "/api/2.0/mlflow/webhooks/\(id)"
      let read = try await client.send(.get, "/ajax-api/2.0/mlflow/webhooks/\(id)")
      #expect(read.text == created.text && !read.text.contains("sesame"))
      #expect(try await client.get("webhooks?max_results=1")["webhooks.0.webhook_id"]?.string == id)
      let changed = try await client.send(
        .patch, path,
        #"{"webhook_id": "\#(id)", "status": "DISABLED", "events": [{"entity": 4, "action": 3}], "name": ""}"#)
      #expect(changed["webhook.status"] == "DISABLED" && changed["webhook.name"] == "ci")
      #expect(changed["webhook.events"] == [["entity": "MODEL_VERSION_ALIAS", "action": "DELETED"]])
      let tested = try await client.send(
        .post, path + "/test", #"{"event": {"entity": "PROMPT", "action": "CREATED"}}"#)
      #expect(tested["result"] == ["success": true, "response_status": 200, "response_body": "prompt.created"])
      #expect(try await client.send(.post, path + "/test", "{}")["result.response_body"] == "none")
      #expect(try await client.send(.delete, path).text == "{}")
      let gone = try await client.send(.get, path)
      #expect(gone.status == .notFound && gone.code == "RESOURCE_DOES_NOT_EXIST")
    }
  }

  @Test(
    "What makes no webhook is refused, and nothing is kept",
    arguments: [
      #"{}"#, #"{"name": "ci"}"#, #"{"name": "ci", "url": "https://h.example/x"}"#,
      #"{"name": "ci", "url": "https://h.example/x", "events": []}"#, #"{"name": "-", "url": "https://x", \#(events)}"#,
      #"{"name": "ci", "url": "http://h.example/x", \#(events)}"#, #"{"name": "ci", "url": 5, \#(events)}"#,
      #"{"name": "ci", "url": "https://x", "events": "x"}"#, #"{"name": "ci", "url": "https://x", "events": [5]}"#,
      #"{"name": "ci", "url": "https://x", "events": [{}]}"#,
      #"{"name": "ci", "url": "https://x", "events": [{"entity": "MODEL_VERSION", "action": "SET"}]}"#,
      #"{"name": "ci", "url": "https://x", "events": [{"entity": "BUDGET_POLICY", "action": "EXCEEDED"}]}"#,
      #"{"name": "ci", "url": "https://x", "events": [{"entity": 99999999999, "action": 1}]}"#,
      #"{"name": "ci", "url": "https://x", "events": [{"entity": "model_version", "action": "created"}]}"#,
      body(#", "status": "SLEEPING""#), body(#", "status": 7"#), body(#", "secret": 5"#), "not JSON",
    ])
  func refused(body: String) async throws {
    try await MLflowServer().run { client in
      let answer = try await client.post("webhooks", body)
      #expect(answer.status == .badRequest && answer.code == "INVALID_PARAMETER_VALUE", "\(answer.text)")
      #expect(try await client.get("webhooks").text == "{}")
    }
  }

  @Test("Unknown webhooks are not found, by every operation; lists have limits")
  func unknown() async throws {
    try await MLflowServer().run { client in
      let path = "/api/2.0/mlflow/webhooks/nothing"
      for (method, suffix) in [(HTTPRequest.Method.get, ""), (.patch, ""), (.delete, ""), (.post, "/test")] {
        let answer = try await client.send(method, path + suffix, "{}")
        #expect(answer.code == "RESOURCE_DOES_NOT_EXIST")
      }
      for query in ["max_results=1001", "max_results=-1", "page_token=x"] {
        #expect(try await client.get("webhooks?\(query)").status == .badRequest)
      }
    }
  }
}

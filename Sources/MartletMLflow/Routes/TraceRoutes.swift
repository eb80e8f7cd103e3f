import HTTPTypes
import Hummingbird
import MartletCore
import NIOCore

extension MLflowRoutes {
  /// Traces are not kept yet. What a tracing client sends is refused at once, in a way that it does not retry; what
  /// it asks for is empty.
  func addTraceRoutes(to router: some RouterMethods<Context>) {
    for version in ["2.0", "3.0"] {
      let endpoints = Endpoints(
        ["/api/\(version)/mlflow", "/ajax-api/\(version)/mlflow"], on: router, gate: gate)
      endpoints.raw(.post, "traces", needs: .signedIn) { _, _, _ in throw Self.noTraces }
      endpoints.get("traces", needs: .signedIn) { _ in .empty }
      endpoints.post("traces/search", needs: .signedIn) { _ in .empty }
      endpoints.post("traces/delete-traces", needs: .signedIn) { _ in .object { $0.field("traces_deleted", Int64(0)) } }
      for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
        endpoints.raw(method, "traces/**", needs: .signedIn) { _, _, _ in throw Self.noTraces }
      }
    }
    let find = gate
    router.group("").add(middleware: WireErrors()).post("/v1/traces") { request, context in
      try WireNeed.signedIn.check(try find(request, context))
      for try await _ in request.body {}
      return Self.partialSuccess(request)
    }
  }

  private static var noTraces: WireError { WireError(.badRequest, "FEATURE_DISABLED", tracesMessage) }
  private static var tracesMessage: String { "This server does not keep traces yet" }

  /// OTLP's way to say that spans were not taken: an ExportTraceServiceResponse whose `partial_success` carries a
  /// message (opentelemetry-proto, trace_service.proto). Exporters log it and do not send again.
  private static func partialSuccess(_ request: Request) -> Response {
    if request.headers[.contentType]?.hasPrefix("application/json") == true {
      var writer = WireWriter()
      writer.object { $0.object("partialSuccess") { $0.field("errorMessage", tracesMessage) } }
      return Response(wire: writer)
    }
    let message = Array(tracesMessage.utf8)
    // Field 1 (partial_success) holding field 2 (error_message), both length-delimited and shorter than 128 bytes.
    let bytes = [0x0A, UInt8(message.count + 2), 0x12, UInt8(message.count)] + message
    return Response(
      status: .ok, headers: [.contentType: "application/x-protobuf"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

import HTTPTypes
import Hummingbird
import NIOCore

extension MLflowRoutes {
  /// What clients ask before they adapt: the version spoken, and honestly what is not built.
  func addServerInfoRoutes(to router: some RouterMethods<Context>) {
    router.get("/version") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: Self.version)))
    }
    for prefix in ["/api", "/ajax-api"] {
      router.get(RouterPath("\(prefix)/3.0/mlflow/server-info")) { _, _ in Response(wire: Self.serverInfo) }
    }
    addPageArtifactRoutes(to: router)
  }

  private static var serverInfo: WireWriter {
    .object { info in
      info.field("store_type", "SqlStore")
      info.field("workspaces_enabled", false)
      info.field("trace_archival_enabled", false)
      info.field("multipart_uploads_enabled", false)
      info.field("multipart_downloads_enabled", false)
      info.field("presigned_upload_run_id_supported", false)
      info.field("presigned_upload_model_id_supported", false)
      info.object("features_enabled") { $0.field("gateway", false) }
    }
  }
}

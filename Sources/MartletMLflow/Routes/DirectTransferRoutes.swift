import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletTracking

/// Uploads in parts and signed addresses: what clients may do directly with a cloud store. Files kept by this server go
/// through it, so each is refused, after the same checks and in the same words as MLflow's server does for a local folder;
/// `server-info` tells clients not to ask.
extension MLflowRoutes {
  /// `mpu/*` and `presigned/*` of the artifact proxy.
  func addDirectTransferRoutes(to endpoints: Endpoints<Context>) {
    let required = ["create": ["path"], "complete": ["path", "parts"], "abort": ["path"]]
    for (operation, fields) in required.sorted(by: { $0.key < $1.key }) {
      endpoints.raw(.post, "mpu/\(operation)/**", needs: .signedIn) { request, _, _ in
        let body = WireFields(body: Array(try await Endpoints<Context>.body(of: request).readableBytesView))
        _ = try Self.artifactPath(of: request, behind: "mpu/\(operation)")
        try body.demand(fields, at: "")
        throw WireError.notImplemented("Multipart upload is not supported for the current artifact repository")
      }
    }
    endpoints.raw(.get, "presigned/**", needs: .signedIn) { request, _, _ in
      _ = try Self.artifactPath(of: request, behind: "presigned")
      throw WireError.notImplemented("Multipart download is not supported for the current artifact repository")
    }
  }

  /// Signed addresses for the artifacts of runs and logged models.
  func addSignedAddressRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.post("artifacts/presigned-upload-url", needs: .inside) { call in
      let path = try call.fields.required("path")
      let (run, model) = (try call.fields.text("run_id"), try call.fields.text("model_id"))
      guard run.isEmpty != model.isEmpty else {
        throw MartletError.invalidInput("Exactly one of run_id and model_id must be provided.")
      }
      try await call.gate.demand(.edit, run.isEmpty ? .loggedModel(model) : .run(RunID(run)))
      _ = try ArtifactLocation.checked(path)
      let uri =
        run.isEmpty
        ? try await tracker.loggedModel(model).artifactURI : try await tracker.runInfo(RunID(run)).artifactURI
      throw Self.proxied(
        "upload is not supported for proxied artifact storage", uri, "a direct cloud storage artifact URI")
    }
    endpoints.post("artifacts/presigned-download-url", needs: .to(.read, .run)) { call in
      let run = RunID(try call.fields.required("run_id"))
      _ = try ArtifactLocation.checked(try call.fields.required("path"))
      let expiration = try call.fields.integer("expiration") ?? 900
      guard (1...604_800).contains(expiration) else {
        throw MartletError.invalidInput("expiration must be between 1 and 604800 seconds (got \(expiration)).")
      }
      throw Self.proxied(
        "download is not supported for runs with proxied artifact storage", try await tracker.runInfo(run).artifactURI,
        "a run with a direct cloud storage artifact URI")
    }
  }

  private static func proxied(_ what: String, _ uri: String, _ needed: String) -> MartletError {
    .invalidInput(
      "Presigned \(what) (artifact URI scheme: \(uri.prefix { $0 != ":" })). This endpoint requires \(needed).")
  }
}

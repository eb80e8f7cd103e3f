import HTTPTypes
import Hummingbird
import MartletAccess
import MartletCore
import MartletTracking

extension MLflowRoutes {
  /// Artifacts as seen from a run; the bytes themselves go through ArtifactProxyRoutes.
  func addArtifactRoutes(to endpoints: Endpoints<Context>) {
    let tracker = tracker
    endpoints.get("artifacts/list", needs: .to(.read, .run)) { call in
      let run = try call.fields.runID()
      let folder = try call.fields.text("path")
      let info = try await tracker.runInfo(run)
      let entries = try await tracker.listArtifacts(folder, of: run)
      let itself = ArtifactLocation.path(ofURI: info.artifactURI).map { "\($0)/\(folder)" }
      return .object { reply in
        reply.field("root_uri", info.artifactURI)
        // MLflow answers a listing of a file with nothing.
        reply.list("files", entries.filter { $0.file == nil || $0.file?.path != itself }) { $0.write($1, in: folder) }
      }
    }
    endpoints.raw(.post, "upload-artifact", needs: .inside) { request, _, gate in
      let fields = WireFields(try QueryString.fields(of: request.uri.query.map { $0[...] } ?? ""))
      guard let run = try fields.optional("run_uuid"), !run.isEmpty else {
        throw MartletError.invalidInput("Request must specify run_uuid.")
      }
      guard let path = try fields.optional("path"), !path.isEmpty else {
        throw MartletError.invalidInput("Request must specify path.")
      }
      try await gate.demand(.edit, .run(RunID(run)))
      let full = try await fullPath(path, of: RunID(run))
      try await store(request, as: full, limits: UploadLimits(largest: 10 << 20, allowsEmpty: false))
      return Response(wire: .empty)
    }
  }

  /// The addresses from which MLflow's own pages fetch files.
  func addPageArtifactRoutes(to router: some RouterMethods<Context>) {
    let group = router.group("").add(middleware: WireErrors())
    let tracker = tracker
    let find = gate
    for prefix in ["", "/ajax-api/2.0/mlflow"] {
      group.get(RouterPath("\(prefix)/get-artifact")) { request, context in
        let gate = try find(request, context)
        try WireNeed.inside.check(gate)
        let fields = WireFields(try QueryString.fields(of: request.uri.query.map { $0[...] } ?? ""))
        try await gate.demand(.read, .run(try fields.runID()))
        let file = try await tracker.artifact(try fields.required("path"), of: try fields.runID())
        return try await self.response(for: file.stored, to: request, context: context)
      }
      group.get(RouterPath("\(prefix)/model-versions/get-artifact")) { request, context in
        let gate = try find(request, context)
        try WireNeed.inside.check(gate)
        let fields = WireFields(try QueryString.fields(of: request.uri.query.map { $0[...] } ?? ""))
        let id = try fields.modelVersionID()
        try await gate.demand(.read, .model(id.model))
        let path = try ArtifactLocation.checked(try fields.required("path"))
        let file = try await self.registeredFile(path, of: id)
        return try await self.response(for: file, to: request, context: context)
      }
    }
  }

  private func fullPath(_ path: String, of run: RunID) async throws -> String {
    let path = try ArtifactLocation.checked(path)
    guard let root = ArtifactLocation.path(ofURI: try await tracker.runInfo(run).artifactURI) else {
      throw MartletError.invalidInput("the artifacts of run \(run) are not kept by this server")
    }
    return "\(root)/\(path)"
  }
}

import Foundation
import MartletCore
import MartletExchange
import MartletTracking
import NIOCore

/// Writes everything of a server into a folder that MLflow opens.
struct MLflowExport {
  let source: any MLflowSource
  let destination: FolderDestination
  let digests = FileDigests()
  let progress: ProgressLine

  func run() async throws {
    for experiment in try await source.experiments() {
      progress.show(experiment.name)
      try destination.write(experiment)
      try await source.forEachRuns(of: experiment.id) { runs in
        for run in runs { try await copy(run, in: experiment) }
      }
      try await source.forEachLoggedModels(of: experiment.id) { models in
        for model in models {
          try destination.write(model, in: experiment)
          try await copyFiles(of: .loggedModel(model.id), model.artifactPlace, in: experiment)
        }
      }
    }
    for name in try await source.modelNames() { try destination.write(try await source.model(name)) }
  }

  private func copy(_ run: ImportedRun, in experiment: ImportedExperiment) async throws {
    try destination.write(run, in: experiment)
    try await source.forEachPoints(of: run) { try destination.write($0, of: run.id, in: experiment) }
    try await copyFiles(of: .run(run.id), run.artifactPlace, in: experiment)
  }

  private func copyFiles(of owner: ArtifactOwner, _ uri: String?, in experiment: ImportedExperiment) async throws {
    guard case .files(let files) = try await source.artifacts(of: owner, uri: uri) else { return }
    for file in files {
      guard case .remote(let address) = file.place else { continue }
      progress.show("\(owner.text): \(file.path)")
      let path = try destination.path(of: file.path, owner, in: experiment)
      let bytes = HashingBytes(try await source.read(address))
      guard FileManager.default.createFile(atPath: path, contents: nil),
        let handle = FileHandle(forWritingAtPath: path)
      else { throw MartletError(.unavailable, "'\(path)' could not be written", fix: "check the disk") }
      for try await buffer in bytes { try handle.write(contentsOf: Data(buffer.readableBytesView)) }
      try handle.close()
      digests.remember(bytes.blob, of: file, owner)
    }
  }

  /// Both sides counted, the folder as it lies on the disk.
  func compare() async throws -> Comparison {
    let theirs = try await SourceTally(source: source, digests: digests).count { progress.show($0) }
    let folder = try FolderSource(destination.root)
    let ours = try await SourceTally(source: folder, digests: FileDigests()).count { progress.show($0) }
    return Comparison(theirs: theirs, ours: ours)
  }
}

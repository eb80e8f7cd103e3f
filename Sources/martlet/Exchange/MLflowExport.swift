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
  let line: ProgressLine

  func run() async throws {
    let progress = TransferProgress("copying", of: SourceSize(), on: line)
    for experiment in try await source.experiments() {
      try destination.write(experiment)
      try await source.forEachRuns(of: experiment.id) { try await copy($0, in: experiment, progress) }
      try await source.forEachLoggedModels(of: experiment.id) { models in
        for model in models {
          try destination.write(model, in: experiment)
          try await copyFiles(of: .loggedModel(model.id), model.artifactPlace, in: experiment)
        }
      }
    }
    for name in try await source.modelNames() { try destination.write(try await source.model(name)) }
    destination.finish()
  }

  private func copy(_ runs: [ImportedRun], in experiment: ImportedExperiment, _ progress: TransferProgress)
    async throws
  {
    for run in runs { try destination.write(run, in: experiment) }
    try await source.forEachSeries(of: runs) { series in
      for part in series { try destination.write(part, in: experiment) }
      progress.count(points: series.reduce(0) { $0 + $1.count })
    }
    for run in runs { try await copyFiles(of: .run(run.id), run.artifactPlace, in: experiment) }
    progress.count(runs: runs.count)
  }

  private func copyFiles(of owner: ArtifactOwner, _ uri: String?, in experiment: ImportedExperiment) async throws {
    guard case .files(let files) = try await source.artifacts(of: owner, uri: uri) else { return }
    for file in files {
      guard case .remote(let address) = file.place else { continue }
      line.show("\(owner.text): \(file.path)")
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
    let theirs = try await count("comparing the server", source, digests)
    let ours = try await count("comparing the folder", try FolderSource(destination.root), FileDigests())
    return Comparison(theirs: theirs, ours: ours)
  }

  private func count(_ doing: String, _ source: any MLflowSource, _ digests: FileDigests) async throws
    -> TransferTally
  {
    let progress = TransferProgress(doing, of: try await source.size(), on: line)
    return try await SourceTally(source: source, digests: digests).count { progress.count(runs: $0, points: $1) }
  }
}

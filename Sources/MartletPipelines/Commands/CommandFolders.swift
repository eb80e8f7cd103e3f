import Foundation
import MartletArtifacts
import MartletCore

/// The folders of one command: the project's files, its inputs as files of their own, and where outputs are expected.
struct CommandFolders: Sendable {
  let project: String
  let inputs: String
  let out: String
  let temporary: String

  init(_ scratch: String) {
    project = "\(scratch)/project"
    inputs = "\(scratch)/in"
    out = "\(scratch)/out"
    temporary = "\(scratch)/tmp"
  }

  /// Writes the project's files and copies the inputs, which a command may then change without harm; blocking.
  /// Returns the path of each input that has contents.
  ///
  /// - Parameter sources: where the contents of the inputs lie.
  func prepare(_ context: StepContext, from sources: [StepOutputName: String], step: StepDefinition) throws
    -> [StepOutputName: String]
  {
    let manager = FileManager.default
    for folder in [project, inputs, out, temporary] {
      try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    for (path, file) in context.files.files {
      let target = "\(project)/\(path)"
      try manager.createDirectory(
        atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      let mode = file.isExecutable ? 0o700 : 0o600
      guard manager.createFile(atPath: target, contents: Data(file.bytes), attributes: [.posixPermissions: mode]) else {
        throw MartletError(
          .storageFull, "the project's file '\(path.prefix(128))' could not be written for the step '\(step.name)'")
      }
    }
    var paths: [StepOutputName: String] = [:]
    for (name, output) in context.inputs {
      guard let source = sources[name] else { continue }
      let folder = "\(inputs)/\(name.step)"
      try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let path = "\(folder)/\(output.fileName ?? name.output)"
      try manager.copyItem(atPath: source, toPath: path)
      try manager.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      paths[name] = path
    }
    return paths
  }

  /// Throws unless an output is a plain file; gives small JSON files as a value as well. Blocking.
  static func check(_ path: String, output: String, of step: String) throws -> JSON? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    guard let attributes, attributes[.type] as? FileAttributeType == .typeRegular else {
      throw MartletError(
        .checkFailed, "the step '\(step)' ended without its output '\(output)'",
        cause: attributes == nil ? "there is no file where it was expected" : "what it wrote is not a plain file",
        fix: "write it to the path that ${out.\(output)} stands for")
    }
    let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
    guard path.hasSuffix(".json"), size <= 65_536, let data = FileManager.default.contents(atPath: path) else {
      return nil
    }
    return try? JSON.parse(data)
  }
}

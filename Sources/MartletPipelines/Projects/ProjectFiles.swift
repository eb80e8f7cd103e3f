import MartletCore

/// The files of one project version, in memory: `martlet.yaml`, SQL and scripts; never data.
package struct ProjectFiles: Sendable, Hashable {
  package static let maximumBytes = 16 << 20
  package static let maximumFiles = 5000

  package struct File: Sendable, Hashable {
    package var bytes: [UInt8]
    package var isExecutable: Bool

    package init(bytes: [UInt8], isExecutable: Bool = false) {
      self.bytes = bytes
      self.isExecutable = isExecutable
    }
  }

  package private(set) var files: [String: File]

  /// Refuses paths that could leave the project's folder, and more than 16 MiB.
  package init(_ files: [String: File]) throws {
    for path in files.keys { try Self.check(path) }
    let size = files.values.reduce(0) { $0 + $1.bytes.count }
    guard size <= Self.maximumBytes, files.count <= Self.maximumFiles else {
      throw MartletError(
        .payloadTooLarge, "the project has \(files.count) files of \(size) bytes",
        cause: "at most \(Self.maximumFiles) files and \(Self.maximumBytes) bytes of code are uploaded",
        fix: "leave data and generated files out with .gitignore")
    }
    self.files = files
  }

  /// Files whose contents are text, none executable.
  package init(texts: [String: String]) throws {
    try self.init(texts.mapValues { File(bytes: Array($0.utf8)) })
  }

  package var paths: [String] { files.keys.sorted() }
  package func has(_ path: String) -> Bool { files[path] != nil }

  package func text(_ path: String) throws -> String {
    guard let file = files[path] else {
      throw MartletError.notFound("the project has no file '\(path.prefix(128))'\(didYouMean(path, among: paths))")
    }
    guard let text = String(validating: file.bytes, as: UTF8.self) else {
      throw MartletError.invalidInput("the file '\(path.prefix(128))' is not UTF-8 text")
    }
    return text
  }

  /// A relative path of plain components, with `/` between them.
  private static func check(_ path: String) throws {
    let components = path.split(separator: "/", omittingEmptySubsequences: false)
    let refused = components.contains { $0.isEmpty || $0 == "." || $0 == ".." }
    let control = path.utf8.contains { $0 < 32 || $0 == 127 || $0 == UInt8(ascii: "\\") }
    if refused || control || path.utf8.count > 1024 {
      throw MartletError.invalidInput("'\(path.prefix(128))' is not a path inside a project")
    }
  }
}

package import MartletCore

/// One uploaded state of a project's code, immutable.
package struct ProjectVersion: Sendable, Hashable, Codable {
  /// A file of the tree; its contents are a blob.
  package struct Entry: Sendable, Hashable, Codable {
    package var path: String
    package var digest: Digest
    package var isExecutable: Bool
  }

  package var project: ProjectName
  /// 1, 2, 3 … within the project.
  package var number: Int
  /// SHA-256 of the tree: paths, modes and contents.
  package var digest: Digest
  /// The project file, as it was read.
  package var file: ProjectFile
  package var entries: [Entry]
  package var commit: String?
  /// Whether there were uncommitted changes.
  package var isDirty: Bool
  /// Set for a version that is run without becoming the active one.
  package var branch: String?
  package var author: Author
  package var createdAt: Timestamp
}

/// A project with its active version, if any.
package struct Project: Sendable, Hashable {
  package var name: ProjectName
  package var activeVersion: Int?
  /// The project's own time; nil: the wall clock's.
  package var eventTime: Timestamp?
  package var createdAt: Timestamp
}

/// What the command line uploads.
package struct ProjectSnapshot: Sendable {
  package var files: ProjectFiles
  package var commit: String?
  package var isDirty: Bool
  /// Store, and run if asked to, without making it the active version.
  package var branch: String?

  package init(files: ProjectFiles, commit: String? = nil, isDirty: Bool = false, branch: String? = nil) {
    self.files = files
    self.commit = commit
    self.isDirty = isDirty
    self.branch = branch
  }
}

import MartletArtifacts
import MartletCore

/// Paths and places of artifacts (TRUST.md rules 1 and 2).
package enum ArtifactLocation {
  package static let scheme = "mlflow-artifacts"
  /// The first part of paths that show the files of registered model versions, which nobody writes to.
  package static let registryRoot = "registry"

  /// An artifact path that was percent-decoded once already, split into its parts; 400 "Invalid path" when any part
  /// could mean something else to a file system or to a second decoder.
  package static func parts(of path: String) throws -> [String] {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard path.utf8.count <= 1024, parts.allSatisfy(isPlain) else {
      throw MartletError.invalidInput(
        "Invalid path", fix: "artifact paths are relative, without empty parts, '..', '\\', '%' or control characters")
    }
    return parts
  }

  /// The same path, checked. The empty path is the root and is allowed only where `allowsRoot` says so.
  package static func checked(_ path: String, allowsRoot: Bool = false) throws -> String {
    if path.isEmpty, allowsRoot { return "" }
    return try parts(of: path).joined(separator: "/")
  }

  private static func isPlain(_ part: String) -> Bool {
    guard !part.isEmpty, part != ".", part != ".." else { return false }
    return part.unicodeScalars.allSatisfy { scalar in
      scalar.value >= 0x20 && scalar.value != 0x7F && !(0x80...0x9F).contains(scalar.value) && scalar != "\\"
        && scalar != "%"
    }
  }

  /// The path inside Martlet's own artifact space that `mlflow-artifacts:/a/b` names; nil for every other URI.
  package static func path(ofURI uri: String) -> String? {
    guard uri.hasPrefix("\(scheme):/"), !uri.hasPrefix("\(scheme)://") else { return nil }
    let path = String(uri.dropFirst(scheme.count + 2))
    return try? checked(path.hasSuffix("/") ? String(path.dropLast()) : path, allowsRoot: true)
  }

  /// An address of another store, such as `s3://bucket/1`, checked: this server keeps it as text and never goes there.
  static func elsewhere(_ uri: String) throws -> String {
    let name = uri.prefix { $0 != ":" }.lowercased()
    let isName = !name.isEmpty && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 43 }
    guard uri.contains("://"), isName, name != "file", name != scheme, uri.utf8.count <= 2000, !uri.utf8.contains(0)
    else {
      throw MartletError.invalidInput(
        "'\(uri.prefix(120))' is no address of another store", fix: "leave it out: the files are then kept here")
    }
    return uri
  }

  /// An experiment's artifact location, checked: Martlet's own scheme, but not where model versions are shown, or below
  /// a folder of a bucket that the server's owner has named; clients write to that themselves.
  static func allowed(_ uri: String, below roots: [S3Location]) throws -> String {
    if let location = try? S3Location(uri), roots.contains(where: { $0.holds(location) }) {
      return location.description
    }
    guard let path = path(ofURI: uri), !path.isEmpty else {
      throw MartletError.invalidInput(
        "Invalid artifact location '\(uri.prefix(120))': the server writes only where it is configured to",
        fix:
          "leave artifact_location out, use mlflow-artifacts:/<folder>, or a bucket that martlet up --allow-artifact-root names"
      )
    }
    guard path != registryRoot, !path.hasPrefix("\(registryRoot)/") else {
      throw MartletError.invalidInput("Invalid artifact location '\(uri.prefix(120))': '\(registryRoot)' is reserved")
    }
    guard let first = path.split(separator: "/").first, !first.utf8.allSatisfy({ (48...57).contains($0) }) else {
      throw MartletError.invalidInput(
        "Invalid artifact location '\(uri.prefix(120))': folders with a number are those of experiments by their id",
        fix: "leave artifact_location out, or begin with a name")
    }
    return "\(scheme):/\(path)"
  }
}

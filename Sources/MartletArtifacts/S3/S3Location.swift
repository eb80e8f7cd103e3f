import MartletCore

/// A bucket and a folder in it: `s3://bucket/prefix`.
package struct S3Location: Sendable, Hashable, CustomStringConvertible {
  package let bucket: String
  /// Without slashes at its ends; empty for the whole bucket.
  package let prefix: String

  /// - Throws: when the text is no such address, or has parts that a client could read differently.
  package init(_ text: String) throws {
    let scheme = "s3://"
    let rest = text.dropFirst(scheme.count)
    let bucket = rest.prefix { $0 != "/" }
    var prefix = rest.dropFirst(bucket.count).drop { $0 == "/" }
    while prefix.last == "/" { prefix = prefix.dropLast() }
    let parts = prefix.split(separator: "/", omittingEmptySubsequences: false)
    guard text.hasPrefix(scheme), Self.isBucket(bucket), prefix.isEmpty || parts.allSatisfy(Self.isPlain),
      text.utf8.count <= 1000
    else {
      throw MartletError.invalidInput(
        "'\(text.prefix(120))' names no folder of a bucket", fix: "write s3://BUCKET or s3://BUCKET/FOLDER")
    }
    self.bucket = String(bucket)
    self.prefix = String(prefix)
  }

  package var description: String { prefix.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(prefix)" }

  /// Whether the other one is this folder, or below it.
  package func holds(_ other: S3Location) -> Bool {
    bucket == other.bucket && (prefix.isEmpty || other.prefix == prefix || other.prefix.hasPrefix("\(prefix)/"))
  }

  /// The key of a file below the folder.
  func key(_ path: String) -> String { prefix.isEmpty ? path : "\(prefix)/\(path)" }

  private static func isBucket(_ name: Substring) -> Bool {
    let isPlain = name.utf8.allSatisfy { byte in
      (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    return (3...63).contains(name.utf8.count) && isPlain && !name.contains("..") && name.first != "."
      && name.last != "."
  }

  private static func isPlain(_ part: Substring) -> Bool {
    !part.isEmpty && part != "." && part != ".."
      && part.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value < 0x7F && !"\\%?#".unicodeScalars.contains($0) }
  }
}

import MartletCore

/// The part of the address below which a proxy shows this server: `/martlet`. The proxy leaves it in the path.
package struct PathPrefix: Sendable, Hashable {
  /// Empty, or a path that starts with a slash and does not end with one.
  package let text: String

  package init() { text = "" }

  /// - Throws: `.invalidInput` for what is no plain path.
  package init(_ written: String) throws {
    let parts = written.split(separator: "/")
    let isPlain = parts.allSatisfy { !$0.hasPrefix(".") && $0.utf8.allSatisfy(Self.isPlain) }
    guard written.isEmpty || written.hasPrefix("/"), isPlain, !written.contains("//") else {
      throw MartletError.invalidInput(
        "'\(written.prefix(100))' is no path prefix", fix: "write it as --path-prefix /martlet")
    }
    text = parts.isEmpty ? "" : "/" + parts.joined(separator: "/")
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "-_.~".utf8.contains(byte)
  }

  package var cookiePath: String { text.isEmpty ? "/" : text }

  /// The address of one of this server's pages as browsers see it.
  package func link(_ path: String) -> String { text + path }
}

import Foundation
import MartletCore

/// The secret that lets the control plane administer the scoring plane: a file only this user can read.
package struct AdminToken: Sendable {
  private let bytes: [UInt8]

  package init(_ text: String) { bytes = Array(text.utf8) }

  /// The value of the header `Authorization`.
  package var authorization: String { "Bearer " + String(decoding: bytes, as: UTF8.self) }

  /// Reads the token file, or makes one with 32 random bytes; refuses a file that others can read.
  package static func load(path: String) throws -> AdminToken {
    if let token = try read(path) { return token }
    var generator = SystemRandomNumberGenerator()
    let text =
      "mls_"
      + (0..<4).map { _ in
        let digits = String(generator.next() as UInt64, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
      }.joined()
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).new"
    try DurableFile.write(Array(text.utf8), to: temporary)
    defer { unlink(temporary) }
    // A link fails when somebody else was first; then theirs counts.
    _ = link(temporary, path)
    guard let token = try read(path) else {
      throw MartletError(.internalError, "the scoring plane's token file '\(path)' cannot be written")
    }
    return token
  }

  private static func read(_ path: String) throws -> AdminToken? {
    // The attributes of a link, not of what it points to.
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
    let isPlain = attributes[.type] as? FileAttributeType == .typeRegular
    let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
    let owner = (attributes[.ownerAccountID] as? NSNumber)?.uint32Value
    guard isPlain, owner == geteuid(), mode & 0o077 == 0 else {
      throw MartletError(
        .permissionDenied, "others may read the token file '\(path)', or it is not this user's",
        fix: "remove it; a new one is made at the next start")
    }
    guard let bytes = try DurableFile.read(path), bytes.count >= 32 else {
      throw MartletError(.invalidInput, "the token file '\(path)' is damaged", fix: "remove it; a new one is made")
    }
    return AdminToken(String(decoding: bytes, as: UTF8.self))
  }

  /// Compares the header's value in a time that does not depend on where it differs.
  func allows(_ authorization: String?) -> Bool {
    let given = Array((authorization ?? "").utf8)
    let wanted = Array(self.authorization.utf8)
    var difference = given.count ^ wanted.count
    for position in wanted.indices {
      difference |= Int((position < given.count ? given[position] : 0) ^ wanted[position])
    }
    return difference == 0
  }
}

package import MartletCore

/// Somebody with an account.
package struct User: Sendable, Hashable {
  package var id: Int64
  package var name: String
  /// Cannot sign in, nor use tokens; what was recorded in the name stays.
  package var isDisabled: Bool
  /// Those without one use tokens only.
  package var hasPassword: Bool
  package var createdAt: Timestamp
  package var grants: [Grant]

  package var isAdmin: Bool { grants.contains(Grant(.admin)) }
}

/// A token of a user; the secret itself is shown once and not kept.
package struct APIToken: Sendable, Hashable {
  package var id: String
  package var user: String
  /// What its owner calls it.
  package var name: String
  package var limits: Caller.Limits
  package var createdAt: Timestamp
  package var expiresAt: Timestamp
}

/// What names and passwords may be.
package enum AccountRules {
  /// Names by which the server itself appears in the ledger.
  private static let reserved: Set = ["local", "martlet", "anonymous", "system"]
  package static let shortestPassword = 12
  static let longestPassword = 1024

  package static func checkName(_ name: String) throws {
    let isPlain = name.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || "0123456789._@-".unicodeScalars.contains($0))
    }
    guard (1...64).contains(name.utf8.count), isPlain, !name.hasPrefix("-"), !name.hasPrefix(".") else {
      throw MartletError.invalidInput(
        "'\(name.prefix(64))' cannot be a user's name", fix: "use 1 to 64 letters, digits and . _ @ -")
    }
    guard !reserved.contains(name.lowercased()) else {
      throw MartletError.invalidInput("the name '\(name)' is reserved for the server itself", fix: "choose another")
    }
  }

  package static func checkPassword(_ password: String, of name: String) throws {
    guard password.count >= shortestPassword else {
      throw MartletError.invalidInput("Password must be at least \(shortestPassword) characters.")
    }
    guard password.utf8.count <= longestPassword, !password.utf8.contains(0) else {
      throw MartletError.invalidInput("the password is longer than \(longestPassword) bytes, or holds a NUL character")
    }
    guard password.lowercased() != name.lowercased() else {
      throw MartletError.invalidInput("the password is the user's name", fix: "choose another password")
    }
  }

  static func checkTokenName(_ name: String) throws {
    guard (1...80).contains(name.count), name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
      throw MartletError.invalidInput("a token's name has 1 to 80 characters", fix: "say what it is for: ci, laptop")
    }
  }
}

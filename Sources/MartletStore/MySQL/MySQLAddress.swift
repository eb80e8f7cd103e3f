import Foundation
import MartletCore

/// Where a MySQL database is and who asks: a URL in SQLAlchemy's spelling,
/// `mysql+pymysql://user:password@host:3306/database?ssl_ca=/etc/ssl/ca.pem`.
struct MySQLAddress: Sendable, Hashable {
  var host: String
  var port: UInt16
  var user: String
  var password: String?
  var database: String
  /// Instead of host and port.
  var socket: String?
  /// Files in PEM. With an authority the connection is encrypted, and the server must prove its name.
  var authority: String?
  var certificate: String?
  var key: String?

  /// - Parameter environment: `MYSQL_PWD` is the password when the URL has none.
  /// - Throws: `.invalidInput`, which never quotes the URL: it may hold a password.
  init(url: String, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    guard let parts = URLComponents(string: url), parts.path.count > 1, let port = UInt16(exactly: parts.port ?? 3306)
    else {
      throw MartletError.invalidInput(
        "the MySQL URL cannot be read",
        fix: "write mysql://user@host:3306/database, with signs such as @ or / in a password as %40 or %2F")
    }
    let host = (parts.host ?? "").trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
    self.host = host.isEmpty ? "127.0.0.1" : host
    self.port = port
    user = parts.user ?? ""
    password = parts.password ?? environment["MYSQL_PWD"]
    database = String(parts.path.dropFirst())
    for item in parts.queryItems ?? [] { try set(item.name, item.value ?? "") }
  }

  /// Options that only say how another client works are passed over; a wish for encryption never is.
  private mutating func set(_ name: String, _ value: String) throws {
    switch name {
    case "unix_socket": socket = value
    case "ssl_ca": authority = value
    case "ssl_cert": certificate = value
    case "ssl_key": key = value
    case "password", "passwd": password = value
    case "user": user = value
    default:
      guard !name.hasPrefix("ssl") else {
        throw MartletError.invalidInput(
          "the option '\(name.prefix(40))' of the MySQL URL is not known here",
          fix: "for an encrypted connection write ssl_ca=FILE, and ssl_cert and ssl_key where the server asks for them")
      }
    }
  }
}

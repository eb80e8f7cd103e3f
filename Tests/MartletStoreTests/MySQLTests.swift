import MartletCore
import Testing

@testable import MartletStore

@Suite("MySQL") struct MySQLTests {
  @Test("A URL tells host, port, who asks and which database, percent signs decoded")
  func addresses() throws {
    let full = try MySQLAddress(
      url: "mysql+pymysql://u%40x:p%2Fs%3As@db.internal:3307/mlflow?charset=utf8mb4&ssl_ca=/ca.pem", environment: [:])
    #expect(full.host == "db.internal" && full.port == 3307 && full.database == "mlflow")
    #expect(full.user == "u@x" && full.password == "p/s:s" && full.authority == "/ca.pem")
    let short = try MySQLAddress(url: "mariadb://u@/db", environment: ["MYSQL_PWD": "secret"])
    #expect(short.host == "127.0.0.1" && short.port == 3306 && short.password == "secret")
    #expect(try MySQLAddress(url: "mysql:///db?unix_socket=/run/s&user=me", environment: [:]).socket == "/run/s")
  }

  @Test("An address of IPv6 stands without its brackets")
  func ipv6() throws {
    #expect(try MySQLAddress(url: "mysql://u@[::1]:3306/db", environment: [:]).host == "::1")
  }

  @Test(
    "A URL that cannot be followed is refused without showing it",
    arguments: [
      "mysql://u:hidden@host", "mysql://u:hidden@host:4294967296/db", "mysql://u:hidden@host:65536/db",
      "mysql://u:hidden@host/db?ssl_mode=REQUIRED", "mysql://u:hidden@host/db?ssl=true",
    ])
  func wrong(url: String) {
    let error = #expect(throws: MartletError.self) { try MySQLAddress(url: url, environment: [:]) }
    #expect(error?.code == .invalidInput && error?.fix != nil && !"\(String(describing: error))".contains("hidden"))
  }

  @Test("Arguments are written so that none ends early")
  func statements() throws {
    let text = try MySQLText.statement(
      "SELECT '?' FROM t WHERE a = ? AND b IN (?, ?, ?)", [.text("x'; \\ü"), .integer(-3), .real(1e-5), .null])
    #expect(text == "SELECT '?' FROM t WHERE a = _utf8mb4 X'78273b205cc3bc' AND b IN (-3, 1e-05, NULL)")
    for arguments: [SQLValue] in [[], [1, 2]] {
      #expect(throws: MartletError.self) { try MySQLText.statement("SELECT ?", arguments) }
    }
  }

  @Test("Without the client library the message says what to install")
  func library() {
    let error = #expect(throws: MartletError.self) { try MySQLLibrary(path: "libnothing.so.9") }
    #expect(error?.code == .unavailable && error?.fix == "apt-get install libmariadb3")
  }
}

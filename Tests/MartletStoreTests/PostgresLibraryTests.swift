import MartletCore
import Testing

@testable import MartletStore

@Suite("PostgreSQL's client library is opened when it is needed")
struct PostgresLibraryTests {
  @Test("A library that is not there is 'unavailable', with the package to install")
  func missing() {
    let error = #expect(throws: MartletError.self) { try PostgresLibrary(path: "libpq-nowhere.so.5") }
    #expect(error?.code == .unavailable)
    #expect(error?.cause?.contains("libpq-nowhere.so.5") == true)
    #expect(error?.fix == "apt-get install libpq5")
  }

  @Test("A library that is another one is refused, and the function it lacks is named")
  func wrong() {
    let error = #expect(throws: MartletError.self) { try PostgresLibrary(path: "libc.so.6") }
    #expect(error?.message.contains("'PQconnectdbParams'") == true)
  }
}

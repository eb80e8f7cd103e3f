import Foundation
import MartletCore
import MartletTesting
import Testing

@testable import MartletEngines

@Suite("Installing engines")
struct EngineInstallerTests {
  private func folder() throws -> EngineFolder {
    let path = NSTemporaryDirectory() + "/martlet-engines-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return EngineFolder(path)
  }

  @Test("A wheel with other contents than the pinned one is refused, and nothing is installed")
  func wrongHash() throws {
    let (target, wheels) = (try folder(), try folder())
    try Data("not a wheel".utf8).write(to: URL(fileURLWithPath: wheels.path + "/duckdb-2.0.0-cp311.whl"))
    let error = try #require(throws: MartletError.self) {
      try EngineInstaller().install(into: target, wheels: wheels.path)
    }
    #expect(error.code == .checkFailed && error.message.contains("DuckDB 2.0.0"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: target.path).isEmpty)
  }

  @Test("A machine without Python is told to install it")
  func noPython() throws {
    let target = try folder()
    let error = try #require(throws: MartletError.self) {
      try EngineInstaller(python: "no-such-python").install(into: target)
    }
    #expect(error.fix?.contains("apt-get install python3") == true, "\(error)")
  }

  @Test("What is installed is left alone: nothing is fetched")
  func idempotent() throws {
    try EngineInstaller(python: "no-such-python").install(into: TestEngines.folder())
  }
}

@Suite("The stub library")
struct StubLibraryTests {
  @Test("The loader opens it, its functions return 0 and its objects are zeroed memory that can be written")
  func opens() throws {
    let names = (0..<300).map { "PyFunction\($0)" }
    let objects = ["PyExc_One", "Py_Two_Type"]
    let stub = StubLibrary(
      names.map { .init(name: $0, isFunction: true) } + objects.map { .init(name: $0, isFunction: false) })
    let path = NSTemporaryDirectory() + "/martlet-stub-\(UUID().uuidString).so"
    try Data(stub.bytes()).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let library = try SharedLibrary(path)
    for name in names {
      let function: @convention(c) () -> Int64 = try library.function(name)
      #expect(function() == 0)
    }
    let object: UnsafeMutablePointer<UInt8> = try library.function(objects[1])
    #expect((0..<512).allSatisfy { object[$0] == 0 })
    object[511] = 1
    #expect(!library.has("PyFunction300"))
  }

  @Test("The installed wheel needs only symbols of Python, and the stub defines each")
  func complete() throws {
    let wheel = try ELFImage(path: TestEngines.folder().installedLibrary(of: .duckdb)).undefinedSymbols()
    let python = wheel.filter { $0.name.contains("Py") && !$0.name.contains("@") }
    #expect(
      Set(StubLibrary(python: wheel).symbols.map(\.name)).isSuperset(
        of: python.map(\.name).filter { !$0.hasPrefix("_Z") }))
    #expect(python.count > 200)
  }

  @Test("A file that is no library is refused")
  func notELF() throws {
    #expect(throws: MartletError.self) { try ELFImage(path: "/etc/hostname") }
  }
}

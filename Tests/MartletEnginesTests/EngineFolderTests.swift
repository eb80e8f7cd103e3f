import Testing

@testable import MartletEngines

@Suite("Where the engines lie")
struct EngineFolderTests {
  @Test(
    "The folder is the one named, else in the data folder, else in the home folder that the environment gives",
    arguments: [
      (["MARTLET_ENGINES": "/e", "XDG_DATA_HOME": "/d", "HOME": "/h"], "/e"),
      (["MARTLET_ENGINES": "", "XDG_DATA_HOME": "/d", "HOME": "/h"], "/d/martlet/engines"),
      (["XDG_DATA_HOME": "relative", "HOME": "/h"], "/h/.local/share/martlet/engines"),
      (["HOME": "/h"], "/h/.local/share/martlet/engines"),
    ])
  func standard(environment: [String: String], path: String) {
    #expect(EngineFolder.standard(in: environment).path == path)
  }

  @Test("Without any of them it is in the user's own home folder")
  func homeless() { #expect(EngineFolder.standard(in: [:]).path.hasSuffix("/.local/share/martlet/engines")) }
}

import MartletArtifacts
import MartletCore
import MartletEngines
import MartletLifecycle
import MartletTesting
import MartletTracking
import Testing

@testable import MartletWeb

@Suite("Artifacts in the browser")
struct ArtifactPagesTests {
  private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]

  private func world(_ files: [String: [UInt8]]) async throws -> (PageWorld, String) {
    let world = try await PageWorld()
    let tracker = world.platform.tracker
    let run = try await tracker.createRun(
      NewRun(experiment: ExperimentTracker.defaultExperiment, name: "with files"), by: world.author)
    for (path, bytes) in files {
      let blob = try await world.platform.artifacts.put(bytes: bytes)
      try await tracker.putArtifact(path, of: run.id, digest: blob.digest, size: blob.size)
    }
    return (world, "/runs/\(run.id)/artifacts")
  }

  @Test("Text, JSON, tables and Markdown are shown as text, never as the author's markup")
  func previews() async throws {
    let evil = "<script>alert(1)</script>"
    let (world, path) = try await world([
      "notes.txt": Array("one \(evil)".utf8), "a/b.json": Array(#"{"b":[1,{"c":"\#(evil)"}],"a":null}"#.utf8),
      "rows.csv": Array("name,value\n\"a \"\"b\"\", c\",1\n\(evil),2\n".utf8),
      "card.md": Array(
        "# Card\n\n\(evil) **bold** `x<y` [go](https://example.com/?a=1&b) [bad](javascript:alert(1))\n\n- one\n- two\n"
          .utf8),
      "model.bin": [0, 1, 2, 255], "broken.json": Array("{".utf8), "empty.txt": [],
    ])
    let expected = [
      "notes.txt": ["one &lt;script&gt;"], "a/b.json": ["&quot;a&quot;: null,\n  &quot;b&quot;: [\n    1,\n    {"],
      "rows.csv": ["a &quot;b&quot;, c", "&lt;script&gt;"],
      "card.md": [
        "<h2>Card</h2>", "<strong>bold</strong>", "<code>x&lt;y</code>", #"<a href="https://example.com/?a=1&amp;b""#,
        "[bad](javascript:alert(1))", "<li>two</li>",
      ], "model.bin": ["holds no text", "Download"], "broken.json": [">{</pre>"], "empty.txt": ["The file is empty."],
    ]
    for (file, texts) in expected {
      let answer = try await world.get("\(path)?path=\(file)")
      #expect(answer.status == 200)
      #expect(!answer.html.contains("<script>alert"), "\(file)")
      #expect(!answer.html.contains(#"href="javascript"#), "\(file)")
      for text in texts { #expect(answer.html.contains(text), "\(file): \(text)") }
    }
    let folder = try await world.get("\(path)?path=a").html
    #expect(folder.contains("b.json"))
    #expect(!folder.contains("rows.csv"))
  }

  @Test("Long files are cut and say so")
  func long() async throws {
    let line = Array("é".utf8) + Array(repeating: UInt8(ascii: "x"), count: 97) + [UInt8(ascii: "\n")]
    let bytes = Array(repeating: line, count: 6000).flatMap(\.self)
    let (world, path) = try await world([
      "long.txt": [UInt8(ascii: "y")] + bytes, "long.csv": bytes, "page.html": Array(repeating: 65, count: 6 << 20),
    ])
    #expect(try await world.get("\(path)?path=long.txt").html.contains("The first 256 KiB"))
    #expect(try await world.get("\(path)?path=long.csv").html.contains("The first 100 rows"))
    #expect(try await world.get("\(path)?path=page.html").html.contains("too much to show"))
    #expect(try await world.get("\(path)/frame?path=page.html").status == 400)
  }

  @Test("A page is shown in a sandboxed frame, under a policy that runs nothing")
  func html() async throws {
    let (world, path) = try await world(["report.html": Array("<script>alert(1)</script><p>hello".utf8)])
    let page = try await world.get("\(path)?path=report.html")
    #expect(page.html.contains(#"<iframe class="artifact" sandbox src="\#(path)/frame?path=report.html""#))
    #expect(page.contentPolicy?.hasSuffix("; frame-src 'self'") == true)
    #expect(!page.html.contains("alert(1)"))
    let frame = try await world.get("\(path)/frame?path=report.html")
    #expect(frame.contentType == "text/html; charset=utf-8")
    #expect(
      frame.contentPolicy
        == "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
  }

  @Test("Pictures are served as what they are, and nothing else is")
  func images() async throws {
    let (world, path) = try await world([
      "plot.png": Self.png, "fake.png": Array("<script>alert(1)</script>".utf8),
      "drawing.svg": Array("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".utf8),
      "notes.txt": Array("x".utf8),
    ])
    let png = try await world.get("\(path)/image?path=plot.png")
    #expect(png.status == 200)
    #expect(png.contentType == "image/png")
    #expect(
      try await world.get("\(path)?path=plot.png").html.contains(
        #"<img class="artifact" src="\#(path)/image?path=plot.png""#))
    let svg = try await world.get("\(path)/image?path=drawing.svg")
    #expect(svg.contentType == "image/svg+xml")
    #expect(svg.contentPolicy?.hasPrefix("sandbox; default-src 'none'") == true)
    for file in ["fake.png", "notes.txt"] {
      #expect(try await world.get("\(path)/image?path=\(file)").status == 400)
    }
    #expect(try await world.get("\(path)/frame?path=notes.txt").status == 400)
  }

  @Test(
    "No path leads out of the run's own folder",
    arguments: ["..%2Fx", "%2Fetc%2Fpasswd", "a%2F%2Fb", "a%5C..%5Cb", "%252e%252e%2Fx", "a%00b", "nope.txt"])
  func traversal(written: String) async throws {
    let (world, path) = try await world(["notes.txt": Array("x".utf8)])
    for place in ["", "/image", "/frame"] {
      let status = try await world.get("\(path)\(place)?path=\(written)").status
      #expect([400, 404].contains(status), "\(place) \(written)")
    }
  }

  @Test(
    "The first rows of a Parquet file are read by a job; what is none says so",
    .enabled(if: (try? TestEngines.folder()) != nil))
  func parquet() async throws {
    let file = try TemporaryFolder.make() + "/rows.parquet"
    let database = try DuckDB.open(engines: try TestEngines.folder(), allowedFiles: [file])
    try database.execute(
      "COPY (SELECT i AS number, 'row ' || i AS name, NULL AS gap FROM range(250) t(i)) TO '\(file)' (FORMAT parquet)")
    let (world, path) = try await world(["broken.parquet": Array("PAR1 not really".utf8)])
    let blob = try await world.platform.artifacts.put(file: file)
    let run = RunID(String(path.split(separator: "/")[1]))
    try await world.platform.tracker.putArtifact("rows.parquet", of: run, digest: blob.digest, size: blob.size)
    let html = try await world.get("\(path)?path=rows.parquet").html
    for text in ["row 99", "The first 100 of 250 rows."] { #expect(html.contains(text), "\(text)") }
    #expect(!html.contains("row 100<"))
    let broken = try await world.get("\(path)?path=broken.parquet")
    #expect(broken.status == 200)
    #expect(broken.html.contains("cannot be shown"))
  }

  @Test("A logged model has a page with its files")
  func loggedModel() async throws {
    let world = try await PageWorld()
    let tracker = world.platform.tracker
    let model = try await tracker.createLoggedModel(
      NewLoggedModel(
        experiment: ExperimentTracker.defaultExperiment, name: "forest", params: [KeyValue("trees", "10")]),
      by: world.author)
    let blob = try await world.platform.artifacts.put(bytes: Array("flavors:\n".utf8))
    let root = try #require(ArtifactLocation.path(ofURI: model.artifactURI))
    try await tracker.putArtifact(path: "\(root)/MLmodel", digest: blob.digest, size: blob.size)
    let html = try await world.get("/logged-models/\(model.id)").html
    for text in ["forest", "trees", "MLmodel", "being uploaded"] { #expect(html.contains(text), "\(text)") }
    #expect(try await world.get("/logged-models/\(model.id)/artifacts?path=MLmodel").html.contains("flavors:"))
    #expect(try await world.get("/logged-models/nope").status == 404)
    #expect(try await world.get("/logged-models/nope/artifacts/image?path=x.png").status == 404)
  }
}

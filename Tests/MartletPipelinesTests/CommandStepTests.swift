import MartletArtifacts
import MartletCore
import MartletTesting
import Testing

@testable import MartletPipelines

@Suite("Command steps") struct CommandStepTests {
  static let project = """
    martlet: 1
    project: tiny
    params: {greeting: "it's late; rm -rf /"}
    steps:
      write:
        run: "sh make.sh ${out.text} ${params.greeting}"
        out: {text: text.txt}
      count:
        run: "wc -c < ${write.text} > $MARTLET_OUT_SIZE; echo \\"{\\\\\\"n\\\\\\": 1}\\" > ${out.metrics}; echo counted"
        out: {size: size.txt, metrics: m.json}
    """
  static let files = ["make.sh": "printf '%s' \"$2\" > \"$1\"; echo wrote \"$MARTLET_STEP\" of \"$MARTLET_PROJECT\""]

  static func runner(_ harness: PipelineHarness) -> PipelineRunner {
    harness.runner(bodies: [.run: CommandStep(environment: { _ in ["MLFLOW_RUN_ID": "abc"] }).body])
  }

  @Test("A command gets its inputs as files, and its outputs are kept") func outputs() async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      try await harness.put(Self.project, files: Self.files)
      let runner = Self.runner(harness)
      let run = try await runner.run("tiny")
      #expect(run.failure == nil)
      let steps = try await harness.runs.steps(of: run.id)
      let size = try #require(steps.first { $0.name == "count" }?.outputs["size"]?.digest)
      let text = String(decoding: try await harness.artifacts.read(size), as: UTF8.self)
      #expect(text.filter(\.isNumber) == "19")
      #expect(steps.first { $0.name == "count" }?.outputs["metrics"]?.value == ["n": 1])
      #expect(try await runner.log(run.id, step: "write").text.contains("wrote write of tiny"))
      let again = try await runner.run("tiny")
      #expect(try await harness.states(again) == ["write": .cached, "count": .cached])
    }
  }

  @Test("A command sees a small environment, with what the context adds") func environment() async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      try await harness.put("martlet: 1\nproject: tiny\nsteps: {a: {run: \"env > ${out.env}\", out: {env: env.txt}}}")
      let run = try await Self.runner(harness).run("tiny")
      let digest = try #require(try await harness.runs.steps(of: run.id)[0].outputs["env"]?.digest)
      let env = String(decoding: try await harness.artifacts.read(digest), as: UTF8.self)
      #expect(env.contains("MLFLOW_RUN_ID=abc"))
      #expect(env.contains("MARTLET_NOW=2013-06-01T00:00:00.000Z"))
      #expect(!env.contains("XDG_"))
    }
  }

  @Test("A failed command says how it ended and shows its last line") func failure() async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      try await harness.put("martlet: 1\nproject: tiny\nsteps: {a: {run: \"echo no such column >&2; exit 3\"}}")
      let run = try await Self.runner(harness).run("tiny")
      #expect(run.failure?.message == "the step 'a' ended with exit code 3")
      #expect(run.failure?.cause == "no such column")
    }
  }

  @Test(
    "A missing output and one that is a link are refused",
    arguments: ["true", "ln -s /etc/passwd ${out.x}", "mkdir ${out.x}"])
  func missing(command: String) async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      try await harness.put("martlet: 1\nproject: tiny\nsteps: {a: {run: \"\(command)\", out: {x: x.txt}}}")
      let run = try await Self.runner(harness).run("tiny")
      #expect(run.failure?.message == "the step 'a' ended without its output 'x'")
    }
  }

  @Test("A changed script runs the command again; a changed readme does not") func files() async throws {
    try await PipelineHarness.with(.sqlite) { harness in
      let runner = Self.runner(harness)
      try await harness.put(Self.project, files: Self.files)
      _ = try await runner.run("tiny")
      try await harness.put(Self.project, files: Self.files.merging(["README.md": "hello"]) { $1 })
      #expect(try await harness.states(try await runner.run("tiny"))["write"] == .cached)
      try await harness.put(Self.project, files: ["make.sh": Self.files["make.sh"]! + " # changed"])
      #expect(try await harness.states(try await runner.run("tiny"))["write"] == .succeeded)
    }
  }

  @Test("Values are words of the shell, never more") func quoting() {
    #expect(ShellText.quoted("a/b-c_1.txt") == "a/b-c_1.txt")
    #expect(ShellText.quoted("") == "''")
    #expect(ShellText.quoted("a b") == "'a b'")
    #expect(ShellText.quoted("it's") == "'it'\\''s'")
    #expect(ShellText.quoted("$(id)") == "'$(id)'")
  }
}

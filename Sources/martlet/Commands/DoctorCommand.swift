import ArgumentParser
import Foundation
import MartletCore
import MartletEngines
import MartletServer
import NIOPosix

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what works here, what is missing, and how to get it.",
    discussion: """
      EXAMPLE
        martlet doctor

      Exits with 5 when something that is needed is missing.
      """)

  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let checks = Checkup(data: global.dataDirectory)
    let findings = try await NIOThreadPool.singleton.runIfActive { checks.all() }
    Output(global).list(
      findings, [.init("CHECK", "check"), .init("STATE", "state"), .init("DETAIL", "detail"), .init("FIX", "fix")],
      link: ServerRecord.read(in: global.dataDirectory)?.url)
    if findings.contains(where: { $0["state"] == "missing" }) { throw ExitCode(ExitStatus.checkFailed.rawValue) }
  }
}

/// What a working installation needs, looked at one by one. Blocks.
struct Checkup {
  let data: String

  func all() -> [JSON] { [binary, server, dataDirectory] + engines + [web] }

  private var binary: JSON {
    finding("martlet", "ok", "\(Martlet.version), \(CommandLine.arguments.first ?? "")")
  }

  private var server: JSON {
    guard let record = ServerRecord.read(in: data) else {
      return finding("server", "not running", "none for \(data)", fix: "martlet up")
    }
    return finding("server", "ok", "\(record.url), process \(record.pid)")
  }

  private var dataDirectory: JSON {
    var space = statvfs()
    var folder = data
    while !FileManager.default.fileExists(atPath: folder), folder != "/" {
      folder = URL(fileURLWithPath: folder).deletingLastPathComponent().path
    }
    guard access(folder, W_OK) == 0 else {
      return finding("data", "missing", "\(data) cannot be written", fix: "martlet up --data DIR")
    }
    guard statvfs(folder, &space) == 0 else { return finding("data", "ok", data) }
    let free = Double(space.f_bavail) * Double(space.f_frsize) / 1e9
    return finding(
      "data", free < 1 ? "missing" : "ok", "\(data), \(String(format: "%.1f", free)) GB free",
      fix: free < 1 ? "make room on the disk: at least 1 GB" : nil)
  }

  private var engines: [JSON] {
    EngineReport.read().engines.map { engine in
      finding(
        engine.name, engine.isReady ? "ok" : "missing",
        engine.isReady
          ? [engine.version, engine.path].compactMap(\.self).joined(separator: ", ") : engine.problem ?? "",
        fix: engine.fix)
    }
  }

  /// Charts show their table instead when the libraries are not there.
  private var web: JSON {
    let found = PageFiles.chartLibraries
    return finding(
      "charts", found == nil ? "optional" : "ok", found ?? "pages show tables instead",
      fix: found == nil ? "make assets" : nil)
  }

  private func finding(_ check: String, _ state: String, _ detail: String, fix: String? = nil) -> JSON {
    var finding: [String: JSON] = ["check": .string(check), "state": .string(state), "detail": .string(detail)]
    finding["fix"] = fix.map(JSON.string)
    return .object(finding)
  }
}

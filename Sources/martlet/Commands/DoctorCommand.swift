import ArgumentParser
import Foundation
import MartletCore
import MartletServer

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what works here, what is missing, and how to get it.",
    discussion: """
      EXAMPLE
        martlet doctor
      """)

  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let findings = [serverFinding()]
    Output(global).list(
      findings, [.init("CHECK", "check"), .init("STATE", "state"), .init("DETAIL", "detail")], link: nil)
  }

  private func serverFinding() -> JSON {
    let record = ServerRecord.read(in: global.dataDirectory)
    return [
      "check": "server", "state": record == nil ? "not running" : "ok",
      "detail": .string(record.map { "\($0.url), process \($0.pid)" } ?? "start it with: martlet up"),
    ]
  }
}

import Foundation
import MartletCore

/// How a running scoring process is found: the file `scoring.json` in the data directory.
package struct ScoringAddress: Sendable, Hashable, Codable {
  package var processID: Int32
  package var port: Int
  /// The process's start in clock ticks since boot, which tells it from a later one with the same number.
  package var startTicks: Int64
  /// The data directory as an absolute path.
  package var data: String

  static func current(port: Int, folder: ScoringFolder) throws -> ScoringAddress {
    ScoringAddress(
      processID: getpid(), port: port, startTicks: startTicks(of: getpid()) ?? 0, data: try folder.realData)
  }

  func write(to path: String) throws { try DurableFile.write(JSON(encoding: self).bytes, to: path) }

  private enum CodingKeys: String, CodingKey {
    case processID = "pid"
    case port
    case startTicks = "start_ticks"
    case data
  }

  /// What the file says, when the process it names is alive and of the same data directory.
  package static func living(in folder: ScoringFolder) throws -> ScoringAddress? {
    guard let bytes = try DurableFile.read(folder.address),
      let address = try? JSON.parse(bytes).decode(ScoringAddress.self)
    else { return nil }
    guard address.startTicks == startTicks(of: address.processID) else { return nil }
    return address.data == (try folder.realData) ? address : nil
  }

  /// Field 22 of `/proc/PID/stat`; nil when there is no such process, or it is dead and not yet buried.
  static func startTicks(of process: Int32) -> Int64? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z" else { return nil }
    return Int64(fields[19])
  }
}

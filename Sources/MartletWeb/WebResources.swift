import Foundation
import MartletCore

/// The folder with templates and static files that belongs to the binary.
///
/// Found by hand: the accessor that the build generates ends the process when the folder is not there.
enum WebResources {
  private static let name = "martlet_MartletWeb.resources"

  /// - Throws: `.unavailable`, saying where the folder should be.
  static func folder() throws -> String {
    let places = candidates
    if let found = places.first(where: { FileManager.default.fileExists(atPath: $0) }) { return found }
    throw MartletError(
      .unavailable, "the pages' templates and style sheet are missing",
      cause: "there is no folder \(places.joined(separator: " or "))",
      fix: "keep \(name) in the binary's folder, as the archive has it")
  }

  private static var candidates: [String] { installed.map { $0 + "/" + name } }

  /// Where the libraries fetched by `make assets` lie: `MARTLET_ASSETS`, `assets` where the binary is installed, or in
  /// the checkout that it was built in. Nil where there are none: pages then show tables instead of charts.
  static var fetchedFolder: String? {
    let told = ProcessInfo.processInfo.environment["MARTLET_ASSETS"].map { [$0] } ?? []
    let checkout = binaryFolder.appendingPathComponent("../../..").standardized.path
    return (told + (installed + [checkout]).map { $0 + "/assets" }).first {
      FileManager.default.fileExists(atPath: $0 + "/echarts.esm.min.js")
    }
  }

  /// Beside the binary, as in the archive, or as packages spread it: `bin/martlet` and `share/martlet`.
  private static var installed: [String] {
    [binaryFolder, binaryFolder.deletingLastPathComponent().appendingPathComponent("share/martlet")].map(\.path)
  }

  /// The binary's own folder, however it was called: by a path, through a link, or found on the `PATH`.
  private static var binaryFolder: URL {
    let binary =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments.first
      ?? ""
    return URL(fileURLWithPath: binary).deletingLastPathComponent()
  }
}

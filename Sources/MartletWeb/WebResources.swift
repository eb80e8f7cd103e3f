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

  private static var candidates: [String] {
    let binary =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments.first
      ?? ""
    let folder = URL(fileURLWithPath: binary).deletingLastPathComponent()
    return [folder, folder.deletingLastPathComponent().appendingPathComponent("share/martlet")].map {
      $0.appendingPathComponent(name).path
    }
  }
}

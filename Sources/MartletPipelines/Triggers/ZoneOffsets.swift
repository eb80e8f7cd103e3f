import Foundation
import MartletCore

/// Turns instants into the wall-clock time of a zone and back.
struct ZoneOffsets {
  private let zone: TimeZone

  init(_ name: String) throws {
    guard let zone = TimeZone(identifier: name) else {
      throw MartletError.invalidInput("unknown time zone '\(name.prefix(64))'; write it as Europe/Berlin or UTC")
    }
    self.zone = zone
  }

  /// What the clocks on the wall show, as if it were UTC.
  func local(_ instant: Timestamp) -> Timestamp { instant + .seconds(offset(at: instant)) }

  /// The first instant at which the clocks show `local`; when they skip it, the instant as far behind the skip.
  func instant(local: Timestamp) -> Timestamp {
    let day = Duration.milliseconds(Timestamp.millisecondsPerDay)
    let candidates = [offset(at: local - day), offset(at: local + day)].map { local - .seconds($0) }
    let exact = candidates.filter { self.local($0) == local }
    return exact.min() ?? candidates.max() ?? local
  }

  private func offset(at instant: Timestamp) -> Int {
    zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(instant.milliseconds) / 1000))
  }
}

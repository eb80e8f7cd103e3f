import Foundation
package import MartletCore

/// A finished segment of the prediction log. Its name carries what is in it, so that a listing is enough to know.
package struct SealedSegment: Sendable, Hashable, Codable {
  /// File name within the log's folder: `START-NUMBER.RECORDS.FIRST.LAST.segment`, times in milliseconds.
  package var name: String
  package var records: Int
  package var bytes: Int
  /// Event time of the earliest and the latest prediction, milliseconds since 1970.
  package var firstEventTime: Int64
  package var lastEventTime: Int64

  static func name(stem: String, records: Int, first: Int64, last: Int64) -> String {
    "\(stem).\(records).\(first).\(last)\(SegmentFormat.sealedSuffix)"
  }

  init?(name: String, bytes: Int) {
    let parts = name.split(separator: ".")
    guard parts.count == 5, "." + parts[4] == SegmentFormat.sealedSuffix, let records = Int(parts[1]),
      let first = Int64(parts[2]), let last = Int64(parts[3])
    else { return nil }
    self.name = name
    self.bytes = bytes
    self.records = records
    firstEventTime = first
    lastEventTime = last
  }

  /// The sealed segments in a folder, oldest first; an absent folder has none.
  package static func list(in folder: String) -> [SealedSegment] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)
      return SealedSegment(name: name, bytes: attributes?[.size] as? Int ?? 0)
    }
  }

  /// Whether a prediction of the time from `start` to before `end` may be in it.
  package func overlaps(_ start: Timestamp, _ end: Timestamp) -> Bool {
    firstEventTime < end.milliseconds && lastEventTime >= start.milliseconds
  }
}

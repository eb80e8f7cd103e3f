import Foundation
import MartletCore

/// Finishes the segments a process left open when it died: the torn end is cut off, the rest is sealed.
enum SegmentRecovery {
  /// Returns how many bytes were cut off in all.
  @discardableResult
  static func recover(folder: String) throws -> Int {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    return try names.filter { $0.hasSuffix(SegmentFormat.openSuffix) }.reduce(0) { $0 + (try recover($1, in: folder)) }
  }

  private static func recover(_ name: String, in folder: String) throws -> Int {
    let path = folder + "/" + name
    var (first, last) = (Int64.max, Int64.min)
    let outcome = try SegmentReader(path: path).forEachRecord { payload in
      guard let time = try JSON.parse(payload)["event_time"]?.integer else { return }
      first = min(first, time)
      last = max(last, time)
    }
    guard outcome.records > 0, first <= last else {
      try FileManager.default.removeItem(atPath: path)
      return outcome.tornBytes
    }
    guard truncate(path, off_t(outcome.goodBytes)) == 0 else {
      throw FileFailure.error("the prediction log could not be recovered", errno)
    }
    let stem = String(name.dropLast(SegmentFormat.openSuffix.count))
    let sealed = SealedSegment.name(stem: stem, records: outcome.records, first: first, last: last)
    guard rename(path, folder + "/" + sealed) == 0 else {
      throw FileFailure.error("a recovered segment could not be sealed", errno)
    }
    try FileFailure.syncFolder(folder)
    return outcome.tornBytes
  }
}

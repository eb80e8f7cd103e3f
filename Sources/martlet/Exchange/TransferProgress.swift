import MartletCore
import MartletExchange

/// How far a transfer is: counted by whoever copies, shown on a line that is renewed some times a second. Used by one
/// task.
final class TransferProgress {
  private let doing: String
  private let size: SourceSize
  private let line: ProgressLine
  private let start = ContinuousClock.now
  private var shown: ContinuousClock.Instant?
  private var (runs, points): (Int64, Int64) = (0, 0)

  private static let pause = Duration.milliseconds(200)

  /// - Parameters:
  ///   - doing: such as "copying".
  ///   - size: how much there is in all, as far as it is known.
  init(_ doing: String, of size: SourceSize, on line: ProgressLine) {
    self.doing = doing
    self.size = size
    self.line = line
  }

  func count(runs: Int = 0, points: Int = 0) {
    self.runs += Int64(runs)
    self.points += Int64(points)
    guard shown.map({ $0.duration(to: .now) >= Self.pause }) ?? true else { return }
    shown = .now
    line.show(Self.text(doing, runs: self.runs, points: self.points, of: size, after: start.duration(to: .now)))
  }

  /// `copying: 120 of 300 runs, 40000 of 90000 points, 21000 points/s, 3 s left`
  static func text(_ doing: String, runs: Int64, points: Int64, of size: SourceSize, after time: Duration) -> String {
    let seconds = max(0.001, Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18)
    let rate = Double(points) / seconds
    var parts = ["\(part(runs, of: size.runs)) runs", "\(part(points, of: size.points)) points"]
    if points > 0 { parts.append("\(Int64(rate)) points/s") }
    if let left = left(runs, of: size.runs, points, of: size.points, after: seconds) {
      parts.append(left < 90 ? "\(Int(left)) s left" : "\(Int(left / 60)) min left")
    }
    return "\(doing): " + parts.joined(separator: ", ")
  }

  private static func part(_ count: Int64, of all: Int64?) -> String {
    all.map { "\(count) of \($0)" } ?? "\(count)"
  }

  /// By the points where they are known, else by the runs.
  private static func left(
    _ runs: Int64, of allRuns: Int64?, _ points: Int64, of allPoints: Int64?, after seconds: Double
  ) -> Double? {
    let (all, done) = if let allPoints, allPoints > 0 { (allPoints, points) } else { (allRuns ?? 0, runs) }
    guard all > 0, done > 0 else { return nil }
    return seconds * Double(max(0, all - done)) / Double(done)
  }
}

import MartletCore

/// How curves are drawn, as the address says.
struct CurveOptions: Sendable, Hashable {
  enum Axis: String, Sendable, CaseIterable {
    case step
    case time
  }

  /// Weight of the moving average, 0 (none) to 0.99.
  var smoothing: Double = 0
  var isLogarithmic = false
  var axis = Axis.step

  init() {}

  /// What cannot be read is as if it were not there.
  init(_ request: PageRequest) {
    smoothing = request.text("smooth").flatMap(Double.init).map { $0.isFinite ? min(max(0, $0), 0.99) : 0 } ?? 0
    isLogarithmic = request.text("log") != nil
    axis = request.text("x").flatMap(Axis.init(rawValue:)) ?? .step
  }

  var query: [(String, String?)] {
    [
      ("smooth", smoothing > 0 ? shortest(smoothing) : nil), ("log", isLogarithmic ? "1" : nil),
      ("x", axis == .step ? nil : axis.rawValue),
    ]
  }

  /// The fields of the form that sets them.
  var fields: Fields { Fields(smoothing: shortest(smoothing), isLogarithmic: isLogarithmic, overTime: axis == .time) }

  struct Fields {
    var smoothing: String
    var isLogarithmic: Bool
    var overTime: Bool
  }

  /// `0.6`, not `0.60`.
  private func shortest(_ value: Double) -> String {
    var text = fixed(value, decimals: 2)
    while text.contains("."), text.hasSuffix("0") || text.hasSuffix(".") { text.removeLast() }
    return text
  }
}

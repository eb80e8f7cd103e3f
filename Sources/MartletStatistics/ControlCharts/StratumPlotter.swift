/// Turns the points of one stratum, in order, into plotted values with their own centre and standard deviation.
struct StratumPlotter {
  let definition: ControlChartDefinition
  let kind: ChartKind
  let limits: ControlLimits
  private var previous: Double?
  private var average: Double
  private var decay = 1.0
  private var upperSum = 0.0
  private var lowerSum = 0.0

  init(definition: ControlChartDefinition, kind: ChartKind, limits: ControlLimits) {
    self.definition = definition
    self.kind = kind
    self.limits = limits
    average = limits.centre
  }

  struct Plotted {
    var value: Double
    var centre: Double
    var sigma: Double
    /// Both cumulative sums, on a CUSUM chart.
    var sums: (upper: Double, lower: Double)?

    /// Distance from the centre in sigmas; a difference where there is no spread at all is infinitely far.
    var z: Double {
      let distance = value - centre
      if abs(distance) <= 1e-12 * max(abs(value), abs(centre)) { return 0 }
      return distance / sigma
    }
  }

  mutating func plot(_ point: ChartPoint) -> Plotted {
    guard point.value.isFinite, point.size > 0 else {
      return Plotted(value: .nan, centre: limits.centre, sigma: limits.sigma)
    }
    switch kind {
    case .individuals: return Plotted(value: point.value, centre: limits.centre, sigma: limits.sigma)
    case .movingRange: return movingRange(point)
    case .xbarR, .xbarS:
      return Plotted(value: point.value, centre: limits.centre, sigma: limits.sigma / point.size.squareRoot())
    case .range, .deviation: return spread(point)
    case .p, .laneyP, .np, .c, .u, .laneyU: return count(point)
    case .ewma: return movingAverage(point)
    case .cusum: return cumulativeSum(point)
    }
  }

  private mutating func movingRange(_ point: ChartPoint) -> Plotted {
    defer { previous = point.value }
    return Plotted(
      value: previous.map { abs(point.value - $0) } ?? .nan, centre: BaselineLearner.d2OfTwo * limits.sigma,
      sigma: (ControlChartConstants.d3(2) ?? .nan) * limits.sigma)
  }

  private func spread(_ point: ChartPoint) -> Plotted {
    let n = Int(point.size)
    if kind == .range {
      return Plotted(
        value: point.range ?? .nan, centre: (ControlChartConstants.d2(n) ?? .nan) * limits.sigma,
        sigma: (ControlChartConstants.d3(n) ?? .nan) * limits.sigma)
    }
    let c4 = ControlChartConstants.c4(point.size)
    return Plotted(
      value: point.deviation ?? .nan, centre: c4 * limits.sigma,
      sigma: limits.sigma * (1 - c4 * c4).squareRoot())
  }

  private func count(_ point: ChartPoint) -> Plotted {
    let (n, centre) = (point.size, limits.centre)
    switch kind {
    case .p, .laneyP:
      let sigma = (max(0, centre * (1 - centre)) / n).squareRoot() * limits.dispersion
      return Plotted(value: point.value / n, centre: centre, sigma: sigma)
    case .np:
      return Plotted(value: point.value, centre: n * centre, sigma: (n * max(0, centre * (1 - centre))).squareRoot())
    case .c: return Plotted(value: point.value, centre: centre, sigma: centre.squareRoot())
    default:
      return Plotted(
        value: point.value / n, centre: centre, sigma: (centre / n).squareRoot() * limits.dispersion)
    }
  }

  /// σ²ᵢ = σ²/n · λ/(2−λ) · (1 − (1−λ)²ⁱ).
  private mutating func movingAverage(_ point: ChartPoint) -> Plotted {
    let weight = definition.weight
    average = weight * point.value + (1 - weight) * average
    decay *= (1 - weight) * (1 - weight)
    let sigma = limits.sigma / point.size.squareRoot() * (weight / (2 - weight) * (1 - decay)).squareRoot()
    return Plotted(value: average, centre: limits.centre, sigma: sigma)
  }

  /// Sums of z beyond the allowance k = shift/2, upward and downward; the larger is plotted, in sigmas, and z is
  /// scaled so that the decision interval stands at the limits.
  private mutating func cumulativeSum(_ point: ChartPoint) -> Plotted {
    let sigma = limits.sigma / point.size.squareRoot()
    let distance = point.value - limits.centre
    let z = sigma > 0 ? distance / sigma : distance == 0 ? 0 : (distance > 0 ? 1e9 : -1e9)
    let allowance = definition.shift / 2
    upperSum = max(0, upperSum + z - allowance)
    lowerSum = min(0, lowerSum + z + allowance)
    let value = upperSum >= -lowerSum ? upperSum : lowerSum
    return Plotted(
      value: value, centre: 0, sigma: definition.decisionInterval / definition.width, sums: (upperSum, lowerSum))
  }
}

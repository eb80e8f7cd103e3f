/// Phase I: centre and sigma of one stratum from its baseline points.
struct BaselineLearner {
  let definition: ControlChartDefinition
  private var kind: ChartKind { definition.kind }

  /// Nil when there are too few points that can be measured.
  func limits(of points: [ChartPoint]) -> ControlLimits? {
    let usable = points.filter(isUsable)
    guard usable.count >= definition.minimumBaseline else { return nil }
    guard definition.robust != .none else { return estimate(usable) }
    if definition.robust == .median, kind == .individuals || kind == .ewma || kind == .cusum {
      return medianEstimate(usable)
    }
    return excludingOutliers(usable)
  }

  private func isUsable(_ point: ChartPoint) -> Bool {
    guard point.value.isFinite, point.size > 0 else { return false }
    switch kind {
    case .xbarR, .range: return point.range != nil
    case .xbarS, .deviation: return point.deviation != nil
    default: return true
    }
  }

  private func excludingOutliers(_ points: [ChartPoint]) -> ControlLimits? {
    var kept = points
    var excluded: [String] = []
    while var limits = estimate(kept) {
      let isBeyond = beyond(kept, limits)
      let remaining = zip(kept, isBeyond).filter { !$0.1 }.map(\.0)
      let isEnough = remaining.count >= max(definition.minimumBaseline, (points.count + 1) / 2)
      guard remaining.count < kept.count, isEnough else {
        limits.excluded = excluded
        return limits
      }
      excluded += zip(kept, isBeyond).filter(\.1).map(\.0.label)
      kept = remaining
    }
    return nil
  }

  /// Which baseline points lie beyond their limits; charts with memory are judged as single measurements here.
  private func beyond(_ points: [ChartPoint], _ limits: ControlLimits) -> [Bool] {
    let plain: ChartKind = kind.hasMemory ? .individuals : kind
    var plotter = StratumPlotter(definition: definition, kind: plain, limits: limits)
    return points.map { point in
      let z = plotter.plot(point).z
      return abs(z) > definition.width
    }
  }

  private func estimate(_ points: [ChartPoint]) -> ControlLimits? {
    guard points.count >= 2 else { return nil }
    let values = points.map(\.value)
    let total = points.reduce(0) { $0 + $1.size }
    var limits = ControlLimits(centre: 0, sigma: 0, dispersion: 1, count: points.count, excluded: [])
    switch kind {
    case .individuals, .movingRange, .ewma, .cusum:
      limits.centre = weightedMean(points)
      limits.sigma = singleSigma(points)
    case .xbarR, .range:
      limits.centre = weightedMean(points)
      limits.sigma = rangeSigma(points)
    case .xbarS, .deviation:
      limits.centre = weightedMean(points)
      limits.sigma = deviationSigma(points)
    case .c: limits.centre = mean(values)
    case .p, .np, .u, .laneyP, .laneyU: limits.centre = values.reduce(0, +) / total
    }
    if kind == .laneyP || kind == .laneyU { limits.dispersion = dispersion(points, limits) }
    return limits
  }

  private func medianEstimate(_ points: [ChartPoint]) -> ControlLimits {
    let values = points.map(\.value)
    let ranges = zip(values, values.dropFirst()).map { abs($1 - $0) }
    return ControlLimits(
      centre: Quantile.median(values), sigma: Quantile.median(ranges) / 0.953_872_552_429_0, dispersion: 1,
      count: points.count, excluded: [])
  }

  /// Sigma of an EWMA or CUSUM over subgroups comes from ranges within them, over single values from moving ranges.
  private func singleSigma(_ points: [ChartPoint]) -> Double {
    let hasSubgroups = points.allSatisfy { $0.range != nil && ControlChartConstants.d2(Int($0.size)) != nil }
    if kind.hasMemory, hasSubgroups { return rangeSigma(points) }
    let values = points.map(\.value)
    return mean(zip(values, values.dropFirst()).map { abs($1 - $0) }) / Self.d2OfTwo
  }

  /// Mean of R/d₂, the minimum-variance unweighted average.
  private func rangeSigma(_ points: [ChartPoint]) -> Double {
    mean(points.map { ($0.range ?? 0) / (ControlChartConstants.d2(Int($0.size)) ?? .nan) })
  }

  private func deviationSigma(_ points: [ChartPoint]) -> Double {
    mean(points.map { ($0.deviation ?? 0) / ControlChartConstants.c4($0.size) })
  }

  /// Laney's σz: the average moving range of standardised points over d₂.
  private func dispersion(_ points: [ChartPoint], _ limits: ControlLimits) -> Double {
    let variance = kind == .laneyP ? limits.centre * (1 - limits.centre) : limits.centre
    guard variance > 0 else { return 1 }
    let z = points.map { ($0.value / $0.size - limits.centre) / (variance / $0.size).squareRoot() }
    return mean(zip(z, z.dropFirst()).map { abs($1 - $0) }) / Self.d2OfTwo
  }

  private func weightedMean(_ points: [ChartPoint]) -> Double {
    points.reduce(0) { $0 + $1.value * $1.size } / points.reduce(0) { $0 + $1.size }
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  static let d2OfTwo = ControlChartConstants.d2(2) ?? .nan
}

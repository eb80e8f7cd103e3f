extension Migration {
  static let features = Migration("features", [])
}

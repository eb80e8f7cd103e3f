extension Migration {
  static let tracking = Migration("tracking", [])
}

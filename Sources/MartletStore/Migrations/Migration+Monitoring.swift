extension Migration {
  static let monitoring = Migration("monitoring", [])
}

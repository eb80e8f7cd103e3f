extension Migration {
  static let data = Migration("data", [])
}

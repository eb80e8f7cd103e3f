extension Migration {
  static let registry = Migration("registry", [])
}

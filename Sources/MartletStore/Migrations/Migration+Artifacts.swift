extension Migration {
  static let artifacts = Migration("artifacts", [])
}

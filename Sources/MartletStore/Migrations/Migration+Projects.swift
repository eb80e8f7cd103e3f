extension Migration {
  static let projects = Migration("projects", [])
}

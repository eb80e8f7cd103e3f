extension Migration {
  static let serving = Migration("serving", [])
}

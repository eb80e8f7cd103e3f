extension Migration {
  static let ledger = Migration("ledger", [])
}

package import MartletCore
import MartletRegistry
import MartletStore
import MartletTracking

extension Imports {
  /// What an import has brought, counted as it lies in the database now, some runs at a time.
  package func tally(_ id: ImportID) async throws -> TransferTally {
    var total = TransferTally()
    total.add(
      try await each("experiment", of: id, step: 100) { tally, items, connection in
        for item in items {
          if let number = item.local { try TrackingImport.tally(&tally, experiment: number, in: connection) }
        }
      })
    total.add(
      try await each("run", of: id, step: 50) { tally, items, connection in
        try TrackingImport.tally(&tally, runs: items.map(\.item), in: connection)
      })
    total.add(
      try await each("logged model", of: id, step: 50) { tally, items, connection in
        for item in items { try TrackingImport.tally(&tally, loggedModel: item.item, in: connection) }
      })
    total.add(
      try await each("model", of: id, step: 20) { tally, items, connection in
        for item in items {
          if let model = try RegistryImport.read(item.item, in: connection) { tally.add(model) }
        }
      })
    return total
  }

  private func each(
    _ kind: String, of id: ImportID, step: Int,
    _ body:
      @escaping @Sendable (inout TransferTally, [(item: String, local: Int64?)], any SQLConnection) throws -> Void
  ) async throws -> TransferTally {
    var (total, last) = (TransferTally(), "")
    while true {
      let after = last
      // One run may have any number of points, and somebody waits for just this.
      let (tally, end) = try await database.read(within: nil) { connection in
        let items = try ImportStore.items(kind, of: id, after: after, limit: step, in: connection)
        var tally = TransferTally()
        try body(&tally, items, connection)
        return (tally, items.last?.item)
      }
      total.add(tally)
      guard let end else { return total }
      last = end
    }
  }
}

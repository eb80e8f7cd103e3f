import MartletCore
import Synchronization

/// The online features the scoring plane joins by key, for all tables at once.
///
/// Readers take one immutable snapshot per request; a change copies only the shards it touches and replaces the
/// snapshot, so that a reader never waits for more than the loading of a pointer.
final class OnlineStore: Sendable {
  /// All tables at one moment; a table keeps its place as long as its definition stays.
  struct Snapshot: Sendable {
    var tables: [OnlineTable] = []

    func table(_ definition: OnlineTableDefinition) -> OnlineTable? { tables.first { $0.definition == definition } }
  }

  private let current = Mutex(Snapshot())

  var snapshot: Snapshot { current.withLock { $0 } }

  /// Makes a place for each table; a table whose columns changed starts empty. Returns the place of each name.
  func prepare(_ definitions: [OnlineTableDefinition]) -> [String: Int] {
    current.withLock { snapshot in
      var places: [String: Int] = [:]
      for definition in definitions {
        if let place = snapshot.tables.firstIndex(where: { $0.definition == definition }) {
          places[definition.name] = place
        } else {
          places[definition.name] = snapshot.tables.count
          snapshot.tables.append(OnlineTable(definition: definition))
        }
      }
      return places
    }
  }

  /// Drops the rows of tables that no configuration names any more. Their places stay taken.
  func release(except definitions: [OnlineTableDefinition]) {
    current.withLock { snapshot in
      for place in snapshot.tables.indices where !definitions.contains(snapshot.tables[place].definition) {
        snapshot.tables[place] = OnlineTable(definition: snapshot.tables[place].definition)
      }
    }
  }

  /// Applies changed rows; returns the table's sequence number after them.
  func apply(_ patch: OnlinePatch) throws -> Int64 {
    guard let place = prepare([patch.table])[patch.table.name] else { return patch.sequence }
    let base = snapshot.tables[place]
    let changed = try base.applying(patch)
    return try current.withLock { snapshot in
      guard snapshot.tables[place] === base else {
        throw MartletError(.conflict, "the online table '\(patch.table.name)' changed at the same time")
      }
      snapshot.tables[place] = changed
      return changed.sequence
    }
  }
}

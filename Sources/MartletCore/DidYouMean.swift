/// `": did you mean 'age'?"` when one of the known names is close to what was written, else an empty string.
package func didYouMean(_ written: String, among known: some Collection<String>) -> String {
  let written = String(written.prefix(64))
  let limit = max(1, written.count / 3)
  let closest = known.map { ($0, editDistance(written.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
  guard let (name, distance) = closest, distance <= limit else { return "" }
  return ": did you mean '\(name)'?"
}

/// How many letters are missing, added, replaced or swapped with their neighbour (optimal string alignment), looking
/// at the first 64.
private func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a.prefix(64)), Array(b.prefix(64)))
  var beforePrevious: [Int] = []
  var previous = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var distance = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, beforePrevious[j - 1] + 1) }
      row.append(distance)
    }
    (beforePrevious, previous) = (previous, row)
  }
  return previous[b.count]
}

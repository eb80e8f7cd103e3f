/// `": did you mean 'age'?"` when one of the known names is close to what was written, else an empty string.
package func didYouMean(_ written: String, among known: some Collection<String>) -> String {
  let limit = max(1, written.count / 3)
  let closest = known.map { ($0, editDistance(written.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
  guard let (name, distance) = closest, distance <= limit else { return "" }
  return ": did you mean '\(name)'?"
}

/// Levenshtein distance between two words, in characters.
private func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a.prefix(64)), Array(b.prefix(64)))
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in b.enumerated() {
      let substitution = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}

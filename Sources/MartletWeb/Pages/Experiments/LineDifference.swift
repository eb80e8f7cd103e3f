import MartletCore

/// Two texts line by line: what was taken away, what was added, and a little around it.
struct LineDifference {
  enum Line: Hashable {
    case same(String)
    case removed(String)
    case added(String)
    /// So many equal lines that are left out.
    case skipped(Int)
  }

  /// Longer texts are compared as far as this.
  static let mostLines = 600
  private static let context = 2

  var lines: [Line]

  init(from old: String, to new: String) {
    let (a, b) = (Self.split(old), Self.split(new))
    let difference = b.difference(from: a)
    var removed: Set<Int> = []
    var added: Set<Int> = []
    for change in difference {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): added.insert(offset)
      }
    }
    var merged: [Line] = []
    var (i, j) = (0, 0)
    while i < a.count || j < b.count {
      if i < a.count, removed.contains(i) {
        merged.append(.removed(a[i]))
        i += 1
      } else if j < b.count, added.contains(j) {
        merged.append(.added(b[j]))
        j += 1
      } else {
        if i < a.count { merged.append(.same(a[i])) }
        i += 1
        j += 1
      }
    }
    lines = Self.shortened(merged)
  }

  var isEmpty: Bool {
    lines.allSatisfy { if case .removed = $0 { false } else if case .added = $0 { false } else { true } }
  }

  private static func split(_ text: String) -> [String] {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).prefix(mostLines).map(String.init)
  }

  /// Equal lines far from any change are counted, not shown.
  private static func shortened(_ lines: [Line]) -> [Line] {
    let changed = lines.indices.filter { if case .same = lines[$0] { false } else { true } }
    var near: Set<Int> = []
    for index in changed { near.formUnion(max(0, index - context)...min(lines.count - 1, index + context)) }
    var (result, skipped): ([Line], Int) = ([], 0)
    for (index, line) in lines.enumerated() {
      if near.contains(index) {
        if skipped > 0 { result.append(.skipped(skipped)) }
        skipped = 0
        result.append(line)
      } else {
        skipped += 1
      }
    }
    return skipped > 0 ? result + [.skipped(skipped)] : result
  }

  var html: String {
    let rows = lines.map { line in
      switch line {
      case .same(let text): "  " + escaped(text)
      case .removed(let text): #"<span class="diff-remove">- \#(escaped(text))</span>"#
      case .added(let text): #"<span class="diff-add">+ \#(escaped(text))</span>"#
      case .skipped(let count): #"<span class="muted">  … \#(counted(count, "equal line"))</span>"#
      }
    }
    return #"<pre tabindex="0">\#(rows.joined(separator: "\n"))</pre>"#
  }
}

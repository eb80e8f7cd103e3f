import MartletCore
import Yams

/// Reads one YAML document into nodes, within bounds that no file of settings needs to cross.
package enum YAMLDocument {
  package static let maximumBytes = 1 << 20
  static let maximumDepth = 32
  static let maximumNodes = 20_000
  static let maximumAliases = 64

  /// The document's root, or nil when the text is empty or broken; what is wrong is added to `problems`.
  package static func read(_ text: String, problems: FileProblems) -> YAMLNode? {
    let start = SourcePosition(line: 1, column: 1)
    guard text.utf8.count <= maximumBytes else {
      problems.add(start, "the file has \(text.utf8.count) bytes; at most \(maximumBytes) are read")
      return nil
    }
    guard YAMLBounds.check(text, problems: problems) else { return nil }
    do {
      // The basic resolver leaves every scalar as written: types are decided by the key that is read.
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      guard let root = try parser.singleRoot() else { return nil }
      var conversion = YAMLConversion(problems: problems)
      let node = conversion.convert(root, depth: 0)
      return conversion.aborted ? nil : node
    } catch let error as YamlError {
      YAMLErrorText.add(error, of: text, to: problems)
    } catch {
      problems.add(start, "this is not YAML: \(error)")
    }
    return nil
  }
}

/// Turns the parser's nodes into ours: aliases are expanded within the bound on nodes, `<<` is merged.
private struct YAMLConversion {
  let problems: FileProblems
  var nodes = 0
  var aborted = false

  mutating func convert(_ node: Node, depth: Int) -> YAMLNode {
    let position = SourcePosition(node.mark)
    guard enter(position, depth: depth) else {
      return YAMLNode(content: .scalar("", plain: false), position: position)
    }
    switch node {
    case .scalar(let scalar):
      refuseTag(scalar.tag, at: position, quoted: scalar.style != .plain)
      return YAMLNode(content: .scalar(scalar.string, plain: scalar.style == .plain), position: position)
    case .sequence(let sequence):
      refuseTag(sequence.tag, at: position, quoted: false)
      return YAMLNode(content: .sequence(sequence.map { convert($0, depth: depth + 1) }), position: position)
    case .mapping(let mapping):
      refuseTag(mapping.tag, at: position, quoted: false)
      return YAMLNode(content: .mapping(entries(of: mapping, depth: depth)), position: position)
    case .alias:
      problems.add(position, "an alias that names no anchor")
      return YAMLNode(content: .scalar("", plain: true), position: position)
    }
  }

  private mutating func enter(_ position: SourcePosition, depth: Int) -> Bool {
    guard !aborted else { return false }
    nodes += 1
    if nodes > YAMLDocument.maximumNodes {
      problems.add(position, "the file has more than \(YAMLDocument.maximumNodes) values once its aliases are expanded")
      aborted = true
    } else if depth > YAMLDocument.maximumDepth {
      problems.add(position, "values are nested more than \(YAMLDocument.maximumDepth) deep")
      aborted = true
    }
    return !aborted
  }

  private func refuseTag(_ tag: Tag, at position: SourcePosition, quoted: Bool) {
    let name = tag.rawValue
    let usual = ["", "!", Tag.Name.str.rawValue, Tag.Name.seq.rawValue, Tag.Name.map.rawValue]
    if !usual.contains(name) { problems.add(position, "the tag '\(name.prefix(64))' is not used here: leave it out") }
  }

  private mutating func entries(of mapping: Node.Mapping, depth: Int) -> [YAMLNode.Entry] {
    var entries: [YAMLNode.Entry] = []
    var merged: [YAMLNode.Entry] = []
    for (key, value) in mapping where !aborted {
      let position = SourcePosition(key.mark)
      guard case .scalar(let scalar) = key else {
        problems.add(position, "a key must be a single word")
        continue
      }
      let node = convert(value, depth: depth + 1)
      if scalar.string == "<<", scalar.style == .plain {
        merged += mergedEntries(of: node)
      } else {
        if scalar.style == .plain, YAMLTraps.words.contains(scalar.string.lowercased()) {
          problems.add(
            position, "the key \(scalar.string) means true, false or nothing to some YAML readers: rename it")
        }
        entries.append(YAMLNode.Entry(key: scalar.string, keyPosition: position, value: node))
      }
    }
    var known = Set(entries.map(\.key))
    return entries + merged.filter { known.insert($0.key).inserted }
  }

  private func mergedEntries(of node: YAMLNode) -> [YAMLNode.Entry] {
    switch node.content {
    case .mapping(let entries): return entries
    case .sequence(let nodes): return nodes.flatMap(mergedEntries)
    case .scalar:
      problems.add(node.position, "'<<' merges a mapping, or a list of mappings")
      return []
    }
  }
}

extension SourcePosition {
  init(_ mark: Mark?) { self.init(line: max(mark?.line ?? 1, 1), column: max(mark?.column ?? 1, 1)) }
}

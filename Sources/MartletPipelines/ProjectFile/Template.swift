import MartletCore

/// SQL or a command with `${…}` in it. `$${` stands for a plain `${`.
package struct Template: Sendable, Hashable {
  package enum Part: Sendable, Hashable {
    case text(String)
    case reference(Reference, SourcePosition)
  }

  package private(set) var parts: [Part] = []
  /// `${…}` that names nothing known in form, with places counted from the template's start.
  package private(set) var malformed: [FileProblem] = []

  package init(_ source: String) {
    var text = ""
    var position = SourcePosition(line: 1, column: 1)
    var rest = Substring(source)
    func flush(into parts: inout [Part]) {
      if !text.isEmpty { parts.append(.text(text)) }
      text = ""
    }
    while let character = rest.first {
      if rest.hasPrefix("$${") {
        text += "${"
        position.column += 3
        rest = rest.dropFirst(3)
      } else if rest.hasPrefix("${") {
        let inside = rest.dropFirst(2).prefix { $0 != "}" && $0 != "\n" }
        let closed = rest.dropFirst(2 + inside.count).first == "}"
        flush(into: &parts)
        if closed, let reference = Reference(String(inside)) {
          parts.append(.reference(reference, position))
        } else {
          let reason =
            closed ? "is not a reference such as ${data.flights}; $${ stands for a plain ${" : "has no closing }"
          malformed.append(FileProblem(position, "'${\(inside.prefix(64))\(closed ? "}" : "")' \(reason)"))
        }
        position.column += 2 + inside.count + (closed ? 1 : 0)
        rest = rest.dropFirst(2 + inside.count + (closed ? 1 : 0))
      } else {
        text.append(character)
        position =
          character.isNewline
          ? SourcePosition(line: position.line + 1, column: 1)
          : SourcePosition(line: position.line, column: position.column + 1)
        rest = rest.dropFirst()
      }
    }
    flush(into: &parts)
  }

  package var references: [Reference] {
    parts.compactMap { if case .reference(let reference, _) = $0 { reference } else { nil } }
  }

  /// The text with each reference replaced by what `value` says.
  package func filled(_ value: (Reference) throws -> String) throws -> String {
    if let problem = malformed.first { throw MartletError.invalidInput(problem.message) }
    return try parts.map { part in
      switch part {
      case .text(let text): text
      case .reference(let reference, _): try value(reference)
      }
    }.joined()
  }
}

/// The words of a SQL text outside of strings, quoted names kept as words and comments left out.
enum SQLWords {
  static func words(of sql: String) -> Set<String> {
    var words: Set<String> = []
    var word = ""
    var quote: Character?
    var rest = Substring(sql)
    func end() {
      if !word.isEmpty { words.insert(word.lowercased()) }
      word = ""
    }
    while let character = rest.first {
      if let open = quote {
        if character == open {
          quote = nil; if open == "\"" { end() } else { word = "" }
        } else if open == "\"" {
          word.append(character)
        }
      } else if rest.hasPrefix("--") {
        end()
        rest = rest.drop { !$0.isNewline }
        continue
      } else if rest.hasPrefix("/*") {
        end()
        rest = rest.dropFirst(2)
        while !rest.isEmpty, !rest.hasPrefix("*/") { rest = rest.dropFirst() }
        rest = rest.dropFirst(2)
        continue
      } else if character == "'" || character == "\"" {
        end()
        quote = character
      } else if character.isLetter || character.isNumber || character == "_" {
        word.append(character)
      } else {
        end()
      }
      rest = rest.dropFirst()
    }
    end()
    return words
  }
}

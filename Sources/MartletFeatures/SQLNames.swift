/// The words of an SQL text that could be names of tables: what stands in literals and comments is left out.
enum SQLNames {
  static func words(in sql: String) -> Set<String> {
    var words: Set<String> = []
    let characters = Array(sql.unicodeScalars)
    var index = 0
    func at(_ offset: Int) -> Unicode.Scalar? { index + offset < characters.count ? characters[index + offset] : nil }
    func skip(to end: Unicode.Scalar) -> String {
      var text = String.UnicodeScalarView()
      index += 1
      while let scalar = at(0), scalar != end {
        text.append(scalar)
        index += 1
      }
      index += 1
      return String(text)
    }
    while let scalar = at(0) {
      if scalar == "'" {
        _ = skip(to: "'")
      } else if scalar == "\"" {
        words.insert(skip(to: "\"").lowercased())
      } else if scalar == "-", at(1) == "-" {
        while let next = at(0), next != "\n" { index += next == "\n" ? 0 : 1 }
      } else if scalar == "/", at(1) == "*" {
        index += 2
        while at(0) != nil, !(at(0) == "*" && at(1) == "/") { index += 1 }
        index += 2
      } else if scalar.properties.isAlphabetic || scalar == "_" {
        var word = String.UnicodeScalarView()
        while let next = at(0), next.properties.isAlphabetic || next == "_" || ("0"..."9").contains(next) {
          word.append(next)
          index += 1
        }
        words.insert(String(word).lowercased())
      } else {
        index += 1
      }
    }
    return words
  }
}

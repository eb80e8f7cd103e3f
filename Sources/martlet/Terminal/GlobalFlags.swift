/// Global flags may stand anywhere on the line; the parser wants them behind the command, so that is where they go.
enum GlobalFlags {
  private static let valued: Set = ["--server", "--data", "--project", "-o", "--output"]
  private static let plain: Set = ["--no-color"]

  static func moveToEnd(_ arguments: [String]) -> [String] {
    var (moved, rest): ([String], [String]) = ([], [])
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      if argument == "--" {
        rest += arguments[index...]
        break
      } else if valued.contains(argument), index + 1 < arguments.count {
        moved += [argument, arguments[index + 1]]
        index += 1
      } else if plain.contains(argument) || valued.contains(where: { argument.hasPrefix($0 + "=") }) {
        moved.append(argument)
      } else {
        rest.append(argument)
      }
      index += 1
    }
    guard let end = rest.firstIndex(of: "--") else { return rest + moved }
    return Array(rest[..<end]) + moved + Array(rest[end...])
  }
}

import ArgumentParser
import MartletCore

/// Both sides of a transfer, kind by kind.
struct Comparison {
  private let theirs: TransferTally
  private let ours: TransferTally

  init(theirs: JSON?, ours: JSON?) {
    self.theirs = TransferTally(theirs ?? [:])
    self.ours = TransferTally(ours ?? [:])
  }

  init(theirs: TransferTally, ours: TransferTally) {
    self.theirs = theirs
    self.ours = ours
  }

  private var rows: [JSON] {
    Set(theirs.lines.keys).union(ours.lines.keys).sorted().map { kind in
      let (there, here) = (theirs.lines[kind] ?? .init(), ours.lines[kind] ?? .init())
      return [
        "kind": .string(kind), "source": .integer(there.count), "destination": .integer(here.count),
        "equal": .boolean(there == here), "checksum": theirs.json[kind]?["checksum"] ?? .null,
      ]
    }
  }

  /// Shows the table; ends the command with exit code 5 when something differs.
  func show(_ session: Session, link: String?) throws {
    session.output.list(
      rows,
      [
        .init("KIND", "kind"), .init("SOURCE", "source", number: true),
        .init("DESTINATION", "destination", number: true), .init("EQUAL", "equal"), .init("CHECKSUM", "checksum"),
      ], link: link)
    guard theirs == ours else {
      session.output.note("the two sides differ: what is not equal above")
      throw ExitCode(ExitStatus.checkFailed.rawValue)
    }
  }
}

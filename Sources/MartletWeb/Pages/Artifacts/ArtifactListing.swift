import MartletCore
import MartletTracking

/// Files and folders as a table with links to their previews.
struct ArtifactListing {
  private var entries: [(path: String, name: String, file: ArtifactFile?)]
  private var owner: ArtifactOwner
  private var caption: String?

  /// More files than this are shown folder by folder.
  static let mostAtOnce = 60
  /// Files that are looked at to make a listing.
  static let mostListed = 2000

  /// - Parameter folder: relative to the owner's; empty for the owner's own.
  init(_ tree: ArtifactTree, of owner: ArtifactOwner, folder: String) {
    self.owner = owner
    let prefix = folder.isEmpty ? "" : folder + "/"
    caption = tree.isCut ? "Made from the first \(grouped(Int64(Self.mostListed))) files; there are more." : nil
    if tree.files.count <= Self.mostAtOnce {
      entries = tree.files.map { ("\(prefix)\($0.path)", $0.path, $0) }
    } else {
      entries = tree.entries.map { ("\(prefix)\($0.name)", $0.name, $0.file) }
    }
  }

  var table: Table {
    Table(
      "Artifacts", caption: caption, columns: [.init("File"), .number("Size"), .init("SHA-256")],
      rows: entries.map { entry in
        guard let file = entry.file else {
          return Table.Row([.text(entry.name + "/", link: owner.browser(entry.path)), Cell(html: "–"), Cell(html: "–")])
        }
        return Table.Row([
          .text(entry.name, link: owner.browser(entry.path)), Cell(html: escaped(readableSize(file.size))),
          .code(file.digest.short),
        ])
      }, empty: "No artifacts were logged.")
  }
}

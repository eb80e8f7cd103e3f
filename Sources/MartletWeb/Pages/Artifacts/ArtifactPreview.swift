import MartletArtifacts
import MartletCore
import MartletLifecycle
import MartletTracking

/// What a file holds, as safe HTML; its cut and its doubts in words.
struct ArtifactPreview {
  var html: String
  /// That it is not all, or why there is nothing.
  var remark: String?
  /// It shows a page in a frame of its own.
  var isFramed = false

  private static let rows = 100
  private static let mostColumns = 60

  static func load(_ file: ArtifactFile, path: String, of owner: ArtifactOwner, _ platform: Platform) async throws
    -> ArtifactPreview
  {
    let kind = ArtifactKind(path: path)
    switch kind {
    case .parquet: return await parquet(file, platform)
    case .image, .svg, .html:
      guard file.size <= kind.limit else { return tooLarge(file, kind) }
      return kind == .html ? framed(path, owner) : picture(path, owner)
    default: break
    }
    let bytes = try await platform.artifacts.read(file.digest, range: 0..<min(file.size, kind.limit))
    let isCut = file.size > kind.limit
    guard let text = text(bytes, isCut: isCut) else {
      return ArtifactPreview(
        html: "", remark: "This file holds no text (\(readableSize(file.size))). It can be downloaded.")
    }
    return shown(text, kind, isCut: isCut)
  }

  private static func shown(_ text: String, _ kind: ArtifactKind, isCut: Bool) -> ArtifactPreview {
    let remark = isCut ? "The first \(readableSize(kind.limit)); the download has the whole." : nil
    switch kind {
    case .csv(let separator): return csv(text, separator, isCut: isCut)
    case .json where !isCut:
      guard let json = try? JSON.parse(text) else { break }
      return ArtifactPreview(html: pre(PrettyJSON.text(json)), remark: nil)
    case .markdown:
      return ArtifactPreview(html: #"<div class="markdown">\#(Markdown.html(text))</div>"#, remark: remark)
    default: break
    }
    return ArtifactPreview(html: pre(text), remark: text.isEmpty ? "The file is empty." : remark)
  }

  private static func pre(_ text: String) -> String {
    #"<pre class="file" tabindex="0">\#(escaped(text))</pre>"#
  }

  /// Nil for bytes that are no UTF-8, or hold NULs. A cut in the middle of a character is forgiven.
  private static func text(_ bytes: [UInt8], isCut: Bool) -> String? {
    guard !bytes.contains(0) else { return nil }
    for dropped in 0...(isCut ? 3 : 0) where dropped <= bytes.count {
      if let text = String(validating: bytes.dropLast(dropped), as: UTF8.self) { return text }
    }
    return nil
  }

  private static func csv(_ text: String, _ separator: Character, isCut: Bool) -> ArtifactPreview {
    let parsed = DelimitedText.rows(of: text, separator: separator, limit: rows + 1)
    guard let head = parsed.rows.first else { return ArtifactPreview(html: "", remark: "The file is empty.") }
    let body = Array(parsed.rows.dropFirst())
    let columns = Array(head.prefix(mostColumns))
    let rows = body.map { row in columns.indices.map { $0 < row.count ? row[$0] : nil } }
    let more = isCut || parsed.isCut
    return ArtifactPreview(
      html: table(columns, rows, isCut: head.count > mostColumns).html,
      remark: more ? "The first \(body.count) rows; the download has them all." : nil)
  }

  private static func parquet(_ file: ArtifactFile, _ platform: Platform) async -> ArtifactPreview {
    do {
      let found = try await platform.parquetRows(of: file.digest, limit: rows)
      let more = found.totalRows > found.rows.count
      return ArtifactPreview(
        html: table(found.columns, found.rows, isCut: found.isCut).html,
        remark: more ? "The first \(found.rows.count) of \(grouped(Int64(found.totalRows))) rows." : nil)
    } catch {
      let reason = MartletError(error, doing: "reading the file")
      return ArtifactPreview(
        html: "",
        remark: "The rows cannot be shown: \([reason.message, reason.fix].compactMap(\.self).joined(separator: "; ")).")
    }
  }

  private static func table(_ columns: [String], _ rows: [[String?]], isCut: Bool) -> Table {
    Table(
      "Rows", caption: isCut ? "The first \(columns.count) columns." : nil,
      columns: columns.map { .init($0.isEmpty ? "(no name)" : shortened($0, limit: 60)) },
      rows: rows.map { row in Table.Row(row.map { .text($0.map { shortened($0, limit: 120) }) }) },
      empty: "The file has no rows.")
  }

  private static func picture(_ path: String, _ owner: ArtifactOwner) -> ArtifactPreview {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return ArtifactPreview(
      html: #"<img class="artifact" src="\#(escaped(owner.image(path)))" alt="\#(escaped(name))">"#)
  }

  private static func framed(_ path: String, _ owner: ArtifactOwner) -> ArtifactPreview {
    ArtifactPreview(
      html: """
        <iframe class="artifact" sandbox src="\(escaped(owner.frame(path)))" title="\(escaped(path))"></iframe>
        """, remark: "Scripts and everything from other addresses are left out.", isFramed: true)
  }

  private static func tooLarge(_ file: ArtifactFile, _ kind: ArtifactKind) -> ArtifactPreview {
    ArtifactPreview(
      html: "",
      remark:
        "\(readableSize(file.size)) are too much to show, the limit is \(readableSize(kind.limit)). It can be downloaded."
    )
  }
}

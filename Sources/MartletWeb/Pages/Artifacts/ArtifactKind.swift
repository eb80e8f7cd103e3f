import MartletCore

/// How a file is shown, by its name and what its bytes say.
enum ArtifactKind: Sendable, Hashable {
  case text, json, csv(separator: Character), parquet, markdown, html
  case image(mediaType: String)
  case svg
  case other

  init(path: String) {
    let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
    let dotted = name.split(separator: ".")
    switch dotted.count > 1 ? String(dotted[dotted.count - 1]) : "" {
    case "json", "jsonl", "ipynb", "geojson": self = .json
    case "csv": self = .csv(separator: ",")
    case "tsv": self = .csv(separator: "\t")
    case "parquet", "pq": self = .parquet
    case "md", "markdown": self = .markdown
    case "html", "htm": self = .html
    case "png": self = .image(mediaType: "image/png")
    case "jpg", "jpeg": self = .image(mediaType: "image/jpeg")
    case "gif": self = .image(mediaType: "image/gif")
    case "webp": self = .image(mediaType: "image/webp")
    case "svg": self = .svg
    default: self = .text
    }
  }

  /// Bytes that a preview reads; what is longer is cut or offered as a download.
  var limit: Int64 {
    switch self {
    case .image, .svg: 10 << 20
    case .html: 5 << 20
    default: 256 << 10
    }
  }

  /// Whether the bytes begin as a picture of that type does; nothing else is served as one.
  static func isImage(_ bytes: [UInt8], _ mediaType: String) -> Bool {
    switch mediaType {
    case "image/png": bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    case "image/jpeg": bytes.starts(with: [0xFF, 0xD8, 0xFF])
    case "image/gif": bytes.starts(with: Array("GIF8".utf8))
    case "image/webp":
      bytes.count > 12 && bytes.starts(with: Array("RIFF".utf8)) && bytes[8..<12].elementsEqual("WEBP".utf8)
    default: false
    }
  }
}

import HTTPTypes
import Hummingbird
import MartletArtifacts
import MartletCore
import MartletTracking
import NIOCore

/// How large an upload may be, in bytes, and whether it may be nothing at all.
struct UploadLimits: Sendable {
  var largest: Int64 = .max
  var allowsEmpty = true
}

/// Files over HTTP, with constant memory both ways.
extension MLflowRoutes {
  /// Parts are gathered up to this size before they are hashed and written, which goes on while the next one comes.
  private static var gathered: Int { 1 << 20 }

  /// Streams the body into the artifact store, then shows it under `path`. A body that breaks off leaves nothing.
  func store(_ request: Request, as path: String, limits: UploadLimits = UploadLimits()) async throws {
    _ = try ArtifactLocation.checked(path)
    let writer = try await artifacts.writer()
    var writing: Task<Void, any Error>?
    do {
      var size: Int64 = 0
      var waiting = ByteBuffer()
      for try await var part in request.body {
        size += Int64(part.readableBytes)
        guard size <= limits.largest else {
          throw MartletError.invalidInput("Artifact size is too large. Max size is \(limits.largest >> 20)MB.")
        }
        waiting.writeBuffer(&part)
        guard waiting.readableBytes >= Self.gathered else { continue }
        try await writing?.value
        writing = Task { [waiting] in try await writer.append(waiting) }
        waiting = ByteBuffer()
        waiting.reserveCapacity(Self.gathered * 2)
      }
      guard size > 0 || limits.allowsEmpty else { throw MartletError.invalidInput("Request must specify data.") }
      try await writing?.value
      try await writer.append(waiting)
      let blob = try await writer.finish()
      let type = request.headers[.contentType].flatMap { Self.isPlainType($0) ? $0 : nil }
      try await tracker.putArtifact(path: path, digest: blob.digest, size: blob.size, mediaType: type)
    } catch {
      _ = await writing?.result
      await writer.abort()
      throw error
    }
  }

  private static func isPlainType(_ type: String) -> Bool {
    type.utf8.count <= 127 && type.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
  }

  /// The file as an attachment, whole or the range that was asked for.
  func response(for file: StoredFile, to request: Request, context: Context) async throws -> Response {
    let tag = "\"\(file.digest.hex)\""
    var headers: HTTPFields = [
      .eTag: tag, .acceptRanges: "bytes", .contentType: file.mediaType ?? "application/octet-stream",
      .contentDisposition: Self.disposition(of: file.name), .xContentTypeOptions: "nosniff",
    ]
    if let wanted = request.headers[.ifMatch], !Self.list(wanted, names: tag) {
      return Response(status: .preconditionFailed, headers: headers)
    }
    if let known = request.headers[.ifNoneMatch], Self.list(known, names: tag, weakly: true) {
      return Response(status: .notModified, headers: headers)
    }
    var asked = ByteRange.whole
    if let range = request.headers[.range], request.headers[.ifRange].map({ $0 == tag }) ?? true {
      asked = ByteRange(range, of: file.size)
    }
    switch asked {
    case .whole:
      return Response(
        status: .ok, headers: headers, body: try await body(of: file.digest, 0..<file.size, context: context))
    case .part(let range):
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"
      return Response(
        status: .partialContent, headers: headers, body: try await part(range, of: file, context: context))
    case .unsatisfiable:
      headers[.contentRange] = "bytes */\(file.size)"
      return Response(status: .rangeNotSatisfiable, headers: headers)
    }
  }

  /// Whether a list of entity tags holds this one; `*` is any (RFC 9110, section 13.1). A tag marked as weak counts
  /// only where `weakly` says so.
  private static func list(_ tags: String, names tag: String, weakly: Bool = false) -> Bool {
    let named = tags.split(separator: ",").map { $0.drop { $0 == " " }.prefix { $0 != " " } }
    return tags == "*" || named.contains { $0 == tag || (weakly && $0 == "W/" + tag) }
  }

  /// A small part of a file comes straight from where it is kept; a large one first as a whole.
  private func part(_ range: Range<Int64>, of file: StoredFile, context: Context) async throws -> ResponseBody {
    guard range.count <= 1 << 20 else { return try await body(of: file.digest, range, context: context) }
    return ResponseBody(byteBuffer: ByteBuffer(bytes: try await artifacts.read(file.digest, range: range)))
  }

  private func body(of digest: Digest, _ range: Range<Int64>, context: Context) async throws -> ResponseBody {
    guard !range.isEmpty else { return ResponseBody() }
    let path = try await artifacts.path(of: digest)
    return try await FileIO().loadFile(
      path: path, range: Int(range.lowerBound)...Int(range.upperBound - 1), context: context, chunkLength: 256 << 10)
  }

  /// `attachment`, with the last part of the name in both spellings of RFC 6266.
  private static func disposition(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let plain = String(
      String.UnicodeScalarView(
        name.unicodeScalars.map { (0x20..<0x7F).contains($0.value) && $0 != "\"" && $0 != "\\" ? $0 : "_" }))
    guard plain != name else { return "attachment; filename=\"\(plain)\"" }
    let encoded = name.utf8.map { byte -> String in
      let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 46
      return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16).uppercased()
    }
    return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(encoded.joined())"
  }
}

/// One `Range: bytes=…` of a file (RFC 9110, section 14); anything but a single range is answered with the whole.
enum ByteRange: Equatable {
  case whole
  case part(Range<Int64>)
  case unsatisfiable

  init(_ header: String, of size: Int64) {
    guard header.hasPrefix("bytes="), !header.contains(",") else {
      self = .whole
      return
    }
    let bounds = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard bounds.count == 2 else {
      self = .whole
      return
    }
    switch (Int64(bounds[0]), Int64(bounds[1])) {
    case (let first?, let last?) where first >= 0 && last >= first:
      self = first < size ? .part(first..<min(last, size - 1) + 1) : .unsatisfiable
    case (let first?, nil) where first >= 0 && bounds[1].isEmpty:
      self = first < size ? .part(first..<size) : .unsatisfiable
    case (nil, let count?) where bounds[0].isEmpty && count >= 0:
      self = count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .unsatisfiable
    default: self = .whole
    }
  }
}

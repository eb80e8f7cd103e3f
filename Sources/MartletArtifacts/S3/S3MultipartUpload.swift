import Foundation
import MartletCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// One object sent in parts; nobody sees it before the last part is there.
struct S3MultipartUpload: Sendable {
  let client: S3Client
  let key: String
  /// The folder where the upload is noted until it has ended.
  let notes: String
  let threads: NIOThreadPool

  static let partSize: Int64 = 8 << 20
  static let mostParts: Int64 = 10_000
  static let noteSuffix = ".multipart"

  /// An upload that has begun.
  struct Note: Sendable {
    var path: String
    var key: String
    var upload: String
  }

  func send(_ path: String, size: Int64) async throws {
    let begun = try await client.text(of: S3Client.Request(method: .POST, key: key, query: [("uploads", "")]))
    guard let upload = S3Failure.element("UploadId", in: begun), !upload.isEmpty else {
      throw MartletError(.unavailable, "S3 began an upload without an identifier", fix: "check the address of S3")
    }
    let note = try await write(upload)
    do {
      var tags: [String] = []
      for range in Self.parts(of: size) { tags.append(try await sendPart(path, range, tags.count + 1, upload)) }
      try await complete(upload, tags)
      _ = try? await threads.runIfActive { unlink(note.path) }
    } catch {
      // Also when the request was cancelled, hence a task of its own.
      await Task { await Self.abort(note, client: client, threads: threads) }.value
      throw error
    }
  }

  /// The ranges of the parts: 8 MiB each, more where there would be too many.
  static func parts(of size: Int64) -> [Range<Int64>] {
    let least = (size + mostParts - 1) / mostParts
    let length = max(partSize, ((least + (1 << 20) - 1) >> 20) << 20)
    return stride(from: 0, to: size, by: Int64.Stride(length)).map { $0..<min($0 + length, size) }
  }

  private func sendPart(_ path: String, _ range: Range<Int64>, _ number: Int, _ upload: String) async throws -> String {
    let hash = try await threads.runIfActive { try Self.hash(path, range) }
    let pieces = FilePieces(path: path, range: range, threads: threads)
    let request = S3Client.Request(
      method: .PUT, key: key, query: [("partNumber", String(number)), ("uploadId", upload)],
      body: .pieces(pieces, sha256: hash))
    guard let tag = try await client.headers(of: request).first(name: "etag") else {
      throw MartletError(.unavailable, "S3 took a part of a file without naming it", fix: "check the address of S3")
    }
    return tag
  }

  private func complete(_ upload: String, _ tags: [String]) async throws {
    let parts = tags.enumerated().map { number, tag in
      "<Part><PartNumber>\(number + 1)</PartNumber><ETag>\(Self.escaped(tag))</ETag></Part>"
    }
    let body = "<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>"
    let answer = try await client.text(
      of: S3Client.Request(
        method: .POST, key: key, query: [("uploadId", upload)], headers: [("content-type", "application/xml")],
        body: .bytes(Array(body.utf8))))
    // S3 may answer 200 and only then find that it cannot.
    if answer.contains("<Error>") { throw S3Failure(status: 500, text: answer) }
  }

  private static func escaped(_ tag: String) -> String {
    tag.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
  }

  private static func hash(_ path: String, _ range: Range<Int64>) throws -> String {
    let source = try SourceFile(path)
    var hash = ContentHash()
    for start in stride(from: range.lowerBound, to: range.upperBound, by: 1 << 20) {
      hash.add(try source.bytes(start..<min(start + (1 << 20), range.upperBound)))
    }
    return hash.digest.hex
  }

  private func write(_ upload: String) async throws -> Note {
    let note = Note(path: "\(notes)/\(UUID().uuidString)\(Self.noteSuffix)", key: key, upload: upload)
    return try await threads.runIfActive {
      guard FileManager.default.createFile(atPath: note.path, contents: Data("\(key)\n\(upload)".utf8)) else {
        throw MartletError(.storageFull, "an upload could not be noted in '\(notes)'", fix: "free space on the disk")
      }
      return note
    }
  }

  static func notes(in folder: String) -> [Note] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(noteSuffix) }
      .compactMap { name in
        let path = "\(folder)/\(name)"
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        return lines.count == 2 ? Note(path: path, key: String(lines[0]), upload: String(lines[1])) : nil
      }
  }

  /// Frees the parts; the note stays where S3 does not answer.
  static func abort(_ note: Note, client: S3Client, threads: NIOThreadPool) async {
    let request = S3Client.Request(method: .DELETE, key: note.key, query: [("uploadId", note.upload)])
    do {
      try await client.headers(of: request)
    } catch {
      guard let failure = error as? S3Failure, failure.status == 404 else { return }
    }
    _ = try? await threads.runIfActive { unlink(note.path) }
  }
}

import Foundation
package import Hummingbird
import MartletCore
import NIOCore

/// Style sheet, scripts and icons: read once, served under a name that contains their content's fingerprint, so that
/// browsers may keep them for ever.
package struct StaticFiles: Sendable {
  private struct File: Sendable {
    var contentType: String
    var bytes: [UInt8]
    var compressed: [UInt8]?
    var fingerprint: String
  }

  private let files: [String: File]

  /// Reads the files that belong to the binary, and those fetched by `make assets` where they are there.
  package init() throws {
    var files: [String: File] = [:]
    for folder in [try WebResources.folder() + "/Static", Self.fetchedFolder].compactMap(\.self) {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
        guard let contentType = Self.contentType(of: name),
          let bytes = FileManager.default.contents(atPath: folder + "/" + name)
        else { continue }
        files[name] = File(
          contentType: contentType, bytes: Array(bytes),
          compressed: FileManager.default.contents(atPath: folder + "/" + name + ".gz").map(Array.init),
          fingerprint: Self.fingerprint(bytes))
      }
    }
    self.files = files
  }

  /// Where the libraries for charts lie; nil where pages show tables instead.
  package static var fetchedFolder: String? { WebResources.fetchedFolder }

  func link(_ name: String) -> String { optionalLink(name) ?? "/static/\(name)" }

  func optionalLink(_ name: String) -> String? { files[name].map { "/static/\($0.fingerprint)/\(name)" } }

  package func addRoutes(to router: some RouterMethods<some RequestContext>) {
    router.get("/static/:fingerprint/:name") { request, context in
      try response(context.parameters.require("name"), request, immutable: true)
    }
    router.get("/static/:fingerprint") { request, context in
      try response(context.parameters.require("fingerprint"), request, immutable: false)
    }
  }

  private func response(_ name: String, _ request: Request, immutable: Bool) throws -> Response {
    guard let file = files[name] else { throw MartletError.notFound("there is no file '\(name.prefix(60))'") }
    var headers: HTTPFields = [
      .contentType: file.contentType,
      .cacheControl: immutable ? "public, max-age=31536000, immutable" : "no-cache",
    ]
    if let compressed = file.compressed, request.headers[.acceptEncoding]?.contains("gzip") == true {
      headers[.contentEncoding] = "gzip"
      return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: compressed)))
    }
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: file.bytes)))
  }

  private static func contentType(of name: String) -> String? {
    switch name.split(separator: ".").last {
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    default: nil
    }
  }

  /// FNV-1a over the bytes: names a version of a file, promises nothing about security.
  private static func fingerprint(_ bytes: Data) -> String {
    let hash = bytes.withUnsafeBytes { bytes in
      bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
    return String(hash, radix: 16)
  }
}

import HTTPTypes
import Hummingbird
import MartletArtifacts
import MartletCore
import MartletLifecycle
import MartletTracking
import NIOCore

/// Artifacts as the browser shows them itself: pictures, and pages in a sandbox. Whatever somebody logged, it runs no
/// script and reaches nothing.
enum ArtifactFiles {
  private static let sandbox =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"

  static func image(_ owner: ArtifactOwner, _ platform: Platform, _ request: PageRequest) async throws -> Response {
    let (path, bytes) = try await bytes(owner, platform, request) { kind in
      if case .image = kind { true } else { kind == .svg }
    }
    switch ArtifactKind(path: path) {
    case .image(let mediaType) where ArtifactKind.isImage(bytes, mediaType): return response(bytes, mediaType)
    case .svg: return response(bytes, "image/svg+xml")
    default:
      throw MartletError.invalidInput(
        "'\(path.prefix(200))' is not the picture that its name says", fix: "download it instead")
    }
  }

  static func frame(_ owner: ArtifactOwner, _ platform: Platform, _ request: PageRequest) async throws -> Response {
    let (_, bytes) = try await bytes(owner, platform, request) { $0 == .html }
    return response(bytes, "text/html; charset=utf-8")
  }

  private static func bytes(
    _ owner: ArtifactOwner, _ platform: Platform, _ request: PageRequest, allows: (ArtifactKind) -> Bool
  ) async throws -> (path: String, bytes: [UInt8]) {
    let path = request.text("path") ?? ""
    let kind = ArtifactKind(path: path)
    guard allows(kind) else {
      throw MartletError.invalidInput("'\(path.prefix(200))' is not shown this way", fix: "download it instead")
    }
    let place = try await owner.place(platform.tracker)
    guard let file = try await owner.file(path, place, platform.tracker) else {
      throw MartletError.notFound("\(place.name.prefix(100)) has no artifact '\(path.prefix(200))'")
    }
    guard file.size <= kind.limit else {
      throw MartletError.invalidInput(
        "'\(path.prefix(200))' has \(readableSize(file.size)), more than the \(readableSize(kind.limit)) that are shown",
        fix: "download it instead")
    }
    return (path, try await platform.artifacts.read(file.digest))
  }

  private static func response(_ bytes: [UInt8], _ mediaType: String) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: mediaType, .contentSecurityPolicy: sandbox, .xContentTypeOptions: "nosniff",
        .cacheControl: "private, no-cache",
      ], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

import AsyncHTTPClient
import Foundation
package import MartletCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// Blobs in a bucket, under `PREFIX/blobs/ab/abcd…`; an object is there whole or not at all.
package struct S3Archive: Sendable {
  let location: S3Location
  let client: S3Client

  package init(_ location: S3Location, account: S3Account) {
    self.location = location
    client = S3Client(account: account, bucket: location.bucket)
  }

  /// Larger files go in parts.
  static let largestPut: Int64 = 16 << 20

  /// Writes a small object, so that wrong rights or a missing bucket are noticed when the server starts.
  ///
  /// - Returns: what is wrong for the moment; nil when S3 answers.
  /// - Throws: when S3 is there and refuses.
  package func probe() async throws -> MartletError? {
    do {
      let request = S3Client.Request(method: .PUT, key: location.key("martlet-probe"), body: .bytes(Array("1\n".utf8)))
      try await client.headers(of: request)
      return nil
    } catch let failure as S3Failure {
      let error = failure.error("the artifacts cannot be kept in", in: location)
      guard failure.mayPass else { throw error }
      return error
    }
  }

  /// The size of a blob; nil when there is none.
  func size(of digest: MartletCore.Digest) async throws -> Int64? {
    do {
      let headers = try await client.headers(of: S3Client.Request(method: .HEAD, key: key(of: digest)))
      return headers.first(name: "content-length").flatMap { Int64($0) }
    } catch let failure as S3Failure {
      if failure.isMissing { return nil }
      throw failure.error("a file could not be looked for in", in: location)
    }
  }

  /// Stores a whole file under its digest; S3 checks the bytes against the SHA-256 that the request is signed with.
  ///
  /// - Parameter notes: where a multipart upload is noted until it has ended, for the next start to clear away.
  func put(_ path: String, as blob: Blob, notes: String, threads: NIOThreadPool) async throws {
    do {
      guard blob.size > Self.largestPut else {
        let pieces = FilePieces(path: path, range: 0..<blob.size, threads: threads)
        let body = S3Client.Body.pieces(pieces, sha256: blob.digest.hex)
        try await client.headers(of: S3Client.Request(method: .PUT, key: key(of: blob.digest), body: body))
        return
      }
      if try await size(of: blob.digest) == blob.size { return }
      let upload = S3MultipartUpload(client: client, key: key(of: blob.digest), notes: notes, threads: threads)
      try await upload.send(path, size: blob.size)
      guard try await size(of: blob.digest) == blob.size else {
        throw MartletError(.unavailable, "a file did not arrive whole in \(location)", fix: "send it again")
      }
    } catch let failure as S3Failure {
      throw failure.error("a file could not be stored in", in: location)
    }
  }

  /// The bytes of a blob, or of a part of it, as they come.
  func bytes(of digest: MartletCore.Digest, range: Range<Int64>? = nil) async throws -> HTTPClientResponse.Body {
    let headers = range.map { [(name: "range", value: "bytes=\($0.lowerBound)-\($0.upperBound - 1)")] } ?? []
    do {
      return try await client.answer(
        to: S3Client.Request(method: .GET, key: key(of: digest), headers: headers)
      ).body
    } catch let failure as S3Failure {
      if failure.isMissing {
        throw MartletError.notFound(
          "the artifact store holds no file \(digest.short)…", fix: "upload it again, or restore the bucket's backup")
      }
      throw failure.error("a file could not be read from", in: location)
    }
  }

  /// What a connection that broke means.
  func broken(_ error: any Error) -> any Error {
    if error is MartletError || error is CancellationError { return error }
    return S3Failure(unreachable: error).error("a file could not be read to its end from", in: location)
  }

  /// Ends the uploads that a server which was killed has left.
  func clear(notes: String, threads: NIOThreadPool) async {
    for note in (try? await threads.runIfActive { S3MultipartUpload.notes(in: notes) }) ?? [] {
      await S3MultipartUpload.abort(note, client: client, threads: threads)
    }
  }

  private func key(of digest: MartletCore.Digest) -> String {
    location.key("blobs/\(digest.hex.prefix(2))/\(digest.hex)")
  }
}

import MartletCore
import Testing

@testable import MartletArtifacts

// Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
@Suite("Requests to S3 are signed as AWS publishes it")
struct S3SignatureTests {
  private let signature = S3Signature(
    account: S3Account(
      keyID: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      endpoint: "https://examplebucket.s3.amazonaws.com"))
  /// 2013-05-24T00:00:00Z
  private let moment = Timestamp(milliseconds: 1_369_353_600_000)
  private let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  private func authorization(_ message: S3Signature.Message) -> String {
    signature.headers(for: message, at: moment).first { $0.name == "authorization" }?.value ?? ""
  }

  @Test("Part of an object is read")
  func get() {
    let message = S3Signature.Message(
      method: "GET", path: "/test.txt", headers: [("range", "bytes=0-9")], payload: nothing)
    #expect(
      authorization(message)
        == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
  }

  @Test("An object is written, with a name that must be encoded")
  func put() {
    let message = S3Signature.Message(
      method: "PUT", path: "/" + S3Signature.encoded("test$file.text", keepingSlashes: true),
      headers: [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
      payload: S3Signature.sha256(Array("Welcome to Amazon S3.".utf8)))
    #expect(
      authorization(message).hasSuffix("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))
  }

  @Test("A name without a value is asked for")
  func lifecycle() {
    let message = S3Signature.Message(method: "GET", path: "/", query: [("lifecycle", "")], payload: nothing)
    #expect(
      authorization(message).hasSuffix("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))
  }

  @Test("Names and values are asked for")
  func list() {
    let message = S3Signature.Message(
      method: "GET", path: "/", query: [("prefix", "J"), ("max-keys", "2")], payload: nothing)
    #expect(
      authorization(message).hasSuffix("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
  }

  @Test("A session's token is sent and signed")
  func token() {
    let account = S3Account(keyID: "k", secret: "s", token: "tt", endpoint: "http://127.0.0.1:1")
    let headers = S3Signature(account: account).headers(
      for: S3Signature.Message(method: "GET", path: "/", payload: nothing), at: moment)
    #expect(headers.contains { $0.name == "x-amz-security-token" && $0.value == "tt" })
    #expect(
      headers.last?.value.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token") == true)
  }
}

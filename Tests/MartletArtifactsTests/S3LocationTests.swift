import MartletCore
import Testing

@testable import MartletArtifacts

@Suite("Buckets, folders in them, and who asks for them")
struct S3LocationTests {
  @Test("A bucket and a folder are read", arguments: ["s3://models/a/b", "s3://models/a/b/", "s3://models//a/b//"])
  func folder(text: String) throws {
    let location = try S3Location(text)
    #expect(location.bucket == "models" && location.prefix == "a/b" && location.description == "s3://models/a/b")
    #expect(location.key("blobs/x") == "a/b/blobs/x")
    #expect(try S3Location("s3://models/").key("x") == "x")
  }

  @Test(
    "What could be read as another place is refused",
    arguments: [
      "", "s3://", "s3:/a", "S3://bucket", "gs://bucket", "s3://ab", "s3://UPPER", "s3://buck_et", "s3://bucket/../x",
      "s3://bucket/a/../b", "s3://bucket/a//b", "s3://bucket/./a", "s3://bucket/%2e%2e", "s3://bucket/a?b",
      "s3://bucket/a#b",
      "s3://user@bucket/a", "s3://bucket:80/a", "s3://bucket/a\\b", "s3://bucket/a b", "s3://bucket/\u{0}",
    ])
  func refused(text: String) {
    #expect(throws: MartletError.self) { try S3Location(text) }
  }

  @Test("A folder holds itself and what is below it, not what begins with the same letters")
  func holds() throws {
    let root = try S3Location("s3://bucket/team")
    for below in ["s3://bucket/team", "s3://bucket/team/7"] { #expect(root.holds(try S3Location(below))) }
    for other in ["s3://bucket/teams", "s3://bucket", "s3://bucket2/team"] {
      #expect(!root.holds(try S3Location(other)))
    }
    #expect(try S3Location("s3://bucket").holds(try S3Location("s3://bucket/x")))
  }

  @Test("Credentials, region and address come from AWS's variables; an address that is named comes first")
  func account() throws {
    let keys = ["AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"]
    #expect(try S3Account(environment: keys).endpoint == "https://s3.us-east-1.amazonaws.com")
    let full = keys.merging(
      ["AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://one:9", "AWS_ENDPOINT_URL_S3": "http://two:9/"]
    ) { $1 }
    let account = try S3Account(environment: full)
    #expect(account.endpoint == "http://two:9" && account.region == "eu-west-1")
    #expect(try S3Account(environment: full, endpoint: "http://127.0.0.1:80").host == "127.0.0.1")
    #expect(throws: MartletError.self) { try S3Account(environment: ["AWS_ACCESS_KEY_ID": "k"]) }
    for wrong in ["s3.example.com", "ftp://x", "http://u:p@x", "http://x/path", "http://x?y", ""] {
      #expect(throws: MartletError.self) { try S3Account(environment: keys, endpoint: wrong) }
    }
  }

  @Test("A large file goes in at most 10,000 parts of whole MiB that cover it")
  func parts() {
    #expect(S3MultipartUpload.parts(of: 17 << 20).map(\.count) == [8 << 20, 8 << 20, 1 << 20])
    for size: Int64 in [(16 << 20) + 1, 80_000 << 20, (5 << 40) - 1] {
      let parts = S3MultipartUpload.parts(of: size)
      #expect(parts.count <= 10_000 && parts.first?.lowerBound == 0 && parts.last?.upperBound == size)
      #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
  }
}

@Suite("A failure of S3 says what to do")
struct S3FailureTests {
  private func error(_ status: Int, _ code: String) throws -> MartletError {
    S3Failure(status: status, text: "<Error><Code>\(code)</Code></Error>").error(
      "nothing in", in: try S3Location("s3://bucket/x"))
  }

  @Test("Denied, no bucket and busy are 'unavailable' with their own cause")
  func causes() throws {
    let (denied, gone, busy) = (
      try error(403, "AccessDenied"), try error(404, "NoSuchBucket"), try error(503, "SlowDown")
    )
    #expect([denied, gone, busy].allSatisfy { $0.code == .unavailable })
    #expect(denied.cause?.contains("AccessDenied") == true && denied.fix?.contains("AWS_") == true)
    #expect(gone.cause == "there is no bucket 'bucket'" && busy.cause?.contains("SlowDown") == true)
    #expect(S3Failure(status: 404, text: "").isMissing)
    #expect(!S3Failure(status: 404, text: "<Code>NoSuchBucket</Code>").isMissing)
    #expect(S3Failure(status: 503, text: "").mayPass && !S3Failure(status: 403, text: "").mayPass)
  }
}

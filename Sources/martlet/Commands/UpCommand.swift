import ArgumentParser
import Foundation
import MartletArtifacts
import MartletCore
import MartletLifecycle
import MartletServer

struct UpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Start the server: API, pages, scheduler and monitors.",
    discussion: """
      EXAMPLE
        martlet up --port 5000 --data ./martlet-data

      One server owns a data directory. Without authentication it answers this machine only, and whoever uses it may do
      everything. For a team:
        martlet up --auth --host 0.0.0.0 --allowed-host mlops.example.com --tls-certificate cert.pem --tls-key key.pem
        martlet up --auth --behind-proxy --allowed-host mlops.example.com --path-prefix /martlet
      A server with authentication and without users prints a token for its first administrator.
      It starts a scoring process on the port after its own and stops cleanly on Ctrl-C or TERM.
      `to: webhook:secret:oncall` in a project file needs MARTLET_SECRET_ONCALL (the address) in the server's environment,
      and MARTLET_SECRET_ONCALL_KEY where its messages are to be signed.
      Artifacts lie in the data directory, or in a bucket:
        martlet up --artifacts s3://bucket/martlet --s3-endpoint https://s3.example.com
      with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_REGION from the environment.
      """)

  @Option(help: "The port of API and pages; 0 lets the system choose.")
  var port = 5000

  @Option(help: "The address to listen on; another than loopback needs --auth, and TLS or a proxy that ends it.")
  var host = "127.0.0.1"

  @Flag(
    inversion: .prefixedNo,
    help: "Ask everybody who they are; as soon as there are users, unless --no-auth says otherwise (loopback only).")
  var auth: Bool?

  @Option(
    help: ArgumentHelp(
      "A further name by which the server is reached, in Host and Origin; may be given several times.",
      valueName: "host[:port]"))
  var allowedHost: [String] = []

  @Option(
    help: ArgumentHelp("Speak TLS 1.2 or newer with this certificate chain, PEM; needs --tls-key.", valueName: "file"))
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"))
  var tlsKey: String?

  @Flag(help: "A proxy in front speaks TLS and sets X-Forwarded-For; needs --auth.")
  var behindProxy = false

  @Flag(help: "Listen without TLS on an address that others reach: passwords and tokens can be read on the way.")
  var insecureHttp = false

  @Option(help: ArgumentHelp("Where everything lies below; the proxy keeps it in the path.", valueName: "/path"))
  var pathPrefix = ""

  @Option(
    help: ArgumentHelp(
      "The metadata database, postgresql://user@host/name; SQLite in the data directory unless told.", valueName: "url")
  )
  var store: String?

  @Option(
    help: ArgumentHelp(
      "Keep artifacts in this bucket; the data directory unless told.", valueName: "s3://bucket/folder"))
  var artifacts: String?

  @Option(
    help: ArgumentHelp("Where S3 answers; AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or AWS unless told.", valueName: "url"))
  var s3Endpoint: String?

  @Option(help: ArgumentHelp("How much of the bucket is kept in the data directory, in GiB.", valueName: "size"))
  var artifactCache = 10

  @Option(
    help: ArgumentHelp(
      "Let experiments keep artifacts below here, where clients write them; may be given several times.",
      valueName: "s3://bucket/folder"))
  var allowArtifactRoot: [String] = []

  @Option(help: "The port on which models answer; the port after --port unless told.")
  var scoringPort: Int?

  @Option(
    help: ArgumentHelp(
      "Let webhooks lead to this host although its address is not public; may be given several times.",
      valueName: "host[:port]"))
  var allowOutbound: [String] = []

  @Option(
    help: ArgumentHelp(
      "Stop when nobody has asked for anything for this long and no work is under way.", valueName: "time"))
  var linger: Span?

  @Flag(help: .hidden)
  var anyPort = false

  @OptionGroup var global: GlobalOptions

  func run() async throws {
    try await Bootstrap(
      UpArguments(
        host: host, port: port, anyPort: anyPort, data: global.dataDirectory, store: store, scoringPort: scoringPort,
        outbound: try OutboundPolicy(reading: allowOutbound), buckets: try buckets(), linger: linger?.duration,
        reach: try reach())
    ).run()
  }

  private func buckets() throws -> ArtifactBuckets {
    guard (1...1_000_000).contains(artifactCache) else {
      throw MartletError.invalidInput("--artifact-cache cannot be \(artifactCache)", fix: "give 1 or more, in GiB")
    }
    let archive = try artifacts.map { text in
      let location = try S3Location(text)
      let account = try S3Account(environment: ProcessInfo.processInfo.environment, endpoint: s3Endpoint)
      return S3Archive(location, account: account)
    }
    return ArtifactBuckets(
      archive: archive, cacheLimit: Int64(artifactCache) << 30, direct: try allowArtifactRoot.map(S3Location.init))
  }

  private func reach() throws -> Reach {
    try Reach(
      host: host, authentication: auth, allowedHosts: allowedHost, certificate: tlsCertificate, key: tlsKey,
      isBehindProxy: behindProxy, allowsPlainHTTP: insecureHttp, prefix: pathPrefix)
  }
}

import Foundation
import MartletAccess
import MartletCore
import MartletServer
import NIOSSL

/// Who can reach a server and how: checked before anything is built, so that none is open by mistake.
struct Reach {
  /// Nil: as soon as there are users.
  let authentication: Bool?
  let allowedHosts: [String]
  let mode: AccessMode
  /// Absolute paths, both or neither.
  let certificate: String?
  private let key: String?
  /// Others reach it without TLS, because somebody said so.
  let isPlainToOthers: Bool

  init(
    host: String, authentication: Bool?, allowedHosts: [String], certificate: String?, key: String?,
    isBehindProxy: Bool, allowsPlainHTTP: Bool, prefix: String
  ) throws {
    let isOpen = !ListenCheck.isLoopback(host)
    let reason =
      isOpen
      ? "others reach '\(host)'"
      : isBehindProxy
        ? "a proxy lets others in" : allowedHosts.isEmpty ? nil : "a name that leads here from elsewhere lets others in"
    if let reason, authentication != true { throw Self.needsAuthentication(host, reason, isOpen: isOpen) }
    if isOpen { try Self.checkAddress(host) }
    guard (certificate == nil) == (key == nil) else {
      throw UsageError(
        "--tls-certificate and --tls-key belong together", fix: "give both, each with the path of a PEM file")
    }
    if isOpen, certificate == nil, !isBehindProxy, !allowsPlainHTTP { throw Self.needsTLS(host) }
    self.authentication = authentication
    self.allowedHosts = try allowedHosts.map { try LocalAddress.checked(allowed: $0) }
    self.certificate = certificate.map(DataDirectory.absolute)
    self.key = key.map(DataDirectory.absolute)
    isPlainToOthers = isOpen && certificate == nil && !isBehindProxy
    mode = AccessMode(
      isBehindProxy: isBehindProxy, isSecure: certificate != nil || isBehindProxy, prefix: try PathPrefix(prefix))
  }

  private static func needsAuthentication(_ host: String, _ reason: String, isOpen: Bool) -> MartletError {
    MartletError(
      .permissionDenied,
      isOpen
        ? "martlet does not listen on '\(host.prefix(100))' without authentication"
        : "martlet does not let others in without authentication",
      cause: "\(reason), and without authentication everybody may do everything",
      fix: "add --auth, or listen on 127.0.0.1 and reach it from elsewhere through an SSH tunnel")
  }

  private static func checkAddress(_ host: String) throws {
    guard ListenCheck.isAddress(host) else {
      throw MartletError(
        .invalidInput, "'\(host.prefix(100))' is not an address to listen on",
        fix: "give a number such as 0.0.0.0 or 192.168.1.5 with --host, and the name with --allowed-host")
    }
  }

  private static func needsTLS(_ host: String) -> MartletError {
    MartletError(
      .permissionDenied, "martlet does not listen on '\(host)' without TLS",
      cause: "passwords and tokens could be read on the way",
      fix:
        "give --tls-certificate and --tls-key, or --behind-proxy where a proxy speaks TLS; --insecure-http listens all the same"
    )
  }

  // MARK: TLS

  /// TLS 1.2 and newer with the certificate and its key; nil for plain HTTP.
  ///
  /// - Throws: an error that names the file that cannot be read, or says that the two do not belong together.
  func tlsConfiguration() throws -> TLSConfiguration? {
    guard let certificate, let key else { return nil }
    let chain = try Self.load(certificate, "the certificate") { try NIOSSLCertificate.fromPEMFile($0) }
    guard !chain.isEmpty else {
      throw MartletError.invalidInput("the certificate \(certificate) is empty", fix: "give a PEM file with the chain")
    }
    let privateKey = try Self.load(key, "the private key") { try NIOSSLPrivateKey(file: $0, format: .pem) }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
    configuration.minimumTLSVersion = .tlsv12
    do {
      // Making a context compares the two.
      _ = try NIOSSLContext(configuration: configuration)
    } catch {
      throw MartletError(
        .invalidInput, "the certificate \(certificate) and the private key \(key) do not belong together",
        cause: "\(error)", fix: "give the key that the certificate was made for")
    }
    return configuration
  }

  private static func load<Value>(_ path: String, _ what: String, _ read: (String) throws -> Value) throws -> Value {
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw MartletError(
        .permissionDenied, "\(what) \(path) cannot be read",
        cause: FileManager.default.fileExists(atPath: path) ? "the server may not read it" : "there is no such file",
        fix: "give the path of a PEM file that the server may read")
    }
    do {
      return try read(path)
    } catch {
      throw MartletError(
        .invalidInput, "\(what) \(path) cannot be used", cause: "it is not PEM, or is broken or encrypted",
        fix: "give a PEM file without a passphrase")
    }
  }
}

/// Whether a server asks who is there, and how it is reached.
package struct AccessMode: Sendable {
  /// Off: whoever reaches the server may do everything, so it listens on loopback only.
  package var isOn: Bool
  /// A proxy in front ends TLS and says in `X-Forwarded-For` whose request it is.
  package var isBehindProxy: Bool
  /// Cookies are for TLS only.
  package var isSecure: Bool
  /// Where every route lies below.
  package var prefix: PathPrefix

  package init(
    isOn: Bool = false, isBehindProxy: Bool = false, isSecure: Bool = false, prefix: PathPrefix = PathPrefix()
  ) {
    self.isOn = isOn
    self.isBehindProxy = isBehindProxy
    self.isSecure = isSecure
    self.prefix = prefix
  }
}

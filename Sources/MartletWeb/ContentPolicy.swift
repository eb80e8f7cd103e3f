/// What pages may load, as the header Content-Security-Policy says it.
package enum ContentPolicy {
  package static let pages =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

  /// For a page that shows others of this server in frames.
  static let framingOwnPages = pages + "; frame-src 'self'"
}

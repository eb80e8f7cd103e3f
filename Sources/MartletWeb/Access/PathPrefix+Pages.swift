import MartletAccess

extension PathPrefix {
  /// A page whose links, forms and files lie below the prefix. Pages are written as if they lay at the root; text is
  /// escaped in them, so that an attribute's beginning stands nowhere else.
  func applied(to html: String) -> String {
    guard !text.isEmpty else { return html }
    var result = html
    for name in ["href", "src", "action", "formaction", "data-echarts", "data-root"] {
      result = result.replacing(" \(name)=\"/", with: " \(name)=\"\(text)/")
    }
    return result
  }
}

import Foundation

/// Where the next page of a list starts, as the opaque text a client sends back: base64 of `{"offset": N}`, which
/// is also what MLflow's own server writes. Long lists add the last item of the page before it, so that the items before
/// need not be counted again.
package struct PageToken: Sendable, Hashable {
  package let offset: Int
  /// The place of the last item of the page before, as its list knows places. It comes from the client: anything may
  /// stand here.
  package let after: [JSON]?

  package init(offset: Int, after: [JSON]? = nil) {
    self.offset = offset
    self.after = after
  }

  /// Reads a token; an empty or missing one is the first page.
  package init(_ text: String?) throws {
    guard let text, !text.isEmpty else {
      self.init(offset: 0)
      return
    }
    guard let data = Data(base64Encoded: text) else {
      throw MartletError.invalidInput("Invalid page token, could not base64-decode")
    }
    let decoded = try? JSON.parse(data)
    guard let offset = decoded?["offset"]?.integer, (1...Int64(Int32.max)).contains(offset) else {
      throw MartletError.invalidInput(
        "Invalid page token, decoded value=\(String(decoding: data.prefix(60), as: UTF8.self))")
    }
    self.init(offset: Int(offset), after: decoded?["after"]?.array)
  }

  package var text: String {
    let place = after.map { ", \"after\": \(JSON.array($0).text)" } ?? ""
    return Data("{\"offset\": \(offset)\(place)}".utf8).base64EncodedString()
  }
}

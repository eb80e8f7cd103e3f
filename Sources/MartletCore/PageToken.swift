import Foundation

/// Where the next page of a list starts, as the opaque text a client sends back: base64 of `{"offset": N}`, which
/// is also what MLflow's own server writes.
package struct PageToken: Sendable, Hashable {
  package let offset: Int

  package init(offset: Int) { self.offset = offset }

  /// Reads a token; an empty or missing one is the first page.
  package init(_ text: String?) throws {
    guard let text, !text.isEmpty else {
      offset = 0
      return
    }
    guard let data = Data(base64Encoded: text) else {
      throw MartletError.invalidInput("Invalid page token, could not base64-decode")
    }
    guard let offset = (try? JSON.parse(data))?["offset"]?.integer, (1...Int64(Int32.max)).contains(offset) else {
      throw MartletError.invalidInput(
        "Invalid page token, decoded value=\(String(decoding: data.prefix(60), as: UTF8.self))")
    }
    self.offset = Int(offset)
  }

  package var text: String { Data("{\"offset\": \(offset)}".utf8).base64EncodedString() }
}

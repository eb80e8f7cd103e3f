import Foundation
import MartletCore

/// One kind of job: a function from arguments to a result that runs in a child process and may block.
package struct JobHandler: Sendable {
  package let kind: String
  let perform: @Sendable (_ arguments: Data, JobContext) throws -> Data

  package init<Arguments: Decodable & SendableMetatype, Result: Encodable & SendableMetatype>(
    _ kind: String, _ body: @escaping @Sendable (_ arguments: Arguments, _ context: JobContext) throws -> Result
  ) {
    self.kind = kind
    perform = { data, context in
      let arguments = try JobWire.decode(Arguments.self, from: data, what: "the arguments of the job '\(kind)'")
      return try JobWire.encode(body(arguments, context))
    }
  }
}

extension [JobHandler] {
  func handler(of kind: String) throws -> JobHandler {
    guard let handler = first(where: { $0.kind == kind }) else {
      throw MartletError(
        .internalError, "there is no job of the kind '\(kind)'",
        cause: "known are: \(map(\.kind).sorted().joined(separator: ", "))",
        fix: "the server and its worker are of different versions: restart the server")
    }
    return handler
  }
}

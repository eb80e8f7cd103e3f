import Crypto
import Foundation
import MartletCore
import MartletTracking

/// The flat YAML that MLflow's file store keeps its records in; texts are written as JSON strings, which are YAML.
enum YAMLText {
  enum Value {
    case null
    case whole(Int64)
    case text(String)
    case emptyList
    case mapping([KeyValue])
  }

  static func mapping(_ members: [(String, Value)]) -> String {
    members.map { "\($0.0): \(text(of: $0.1))\n" }.joined()
  }

  private static func text(of value: Value) -> String {
    switch value {
    case .null: "null"
    case .whole(let number): String(number)
    case .text(let text): quoted(text)
    case .emptyList: "[]"
    case .mapping(let pairs):
      "{" + pairs.map { "\(quoted($0.key)): \(quoted($0.value))" }.joined(separator: ", ") + "}"
    }
  }

  private static func quoted(_ text: String) -> String { JSON.string(text).text }
}

/// The names of MLflow's file store for data sets and links: MD5 over the names, as hexadecimal digits.
enum FileStoreID {
  static func dataset(_ name: String, _ digest: String) -> String { md5(name + digest) }
  static func input(_ source: String, run: String) -> String { md5(source + run) }

  private static func md5(_ text: String) -> String {
    Insecure.MD5.hash(data: Data(text.utf8)).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}

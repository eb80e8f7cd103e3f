import Foundation
import HTTPTypes
import HummingbirdTesting
import MartletCore
import Testing

@testable import MartletServing

@Suite("Bodies of MLflow's scoring protocol")
struct RequestFormatTests {
  static let accepted: [(body: String, type: String, answers: [Double])] = [
    (#"{"dataframe_split": {"columns": ["a", "b"], "data": [[1.5, "xy"], [2, ""]]}}"#, "application/json", [3.5, 2]),
    (#"{"dataframe_split": {"index": [0], "data": [[1.5, "xy"]], "columns": ["a", "b"]}}"#, "application/json", [3.5]),
    (
      #"{"dataframe_split":{"columns":["b","extra","a"],"data":[["xy",{"deep":[1,2]},-1e1]]}}"#, "application/json",
      [-8]
    ),
    (#"{"dataframe_records": [{"a": 1, "b": "x"}, {"b": "yy", "a": 0.25}]}"#, "application/json", [2, 2.25]),
    (#"{"dataframe_records": [{"a": 1, "b": "x"}, {"a": 3}]}"#, "application/json", [2, 3]),
    (#"{"instances": [{"a": 1, "b": "x"}]}"#, "application/json", [2]),
    (#"{"inputs": {"a": [1, 2], "b": ["x", "yyy"]}}"#, "application/json", [2, 5]),
    (#"{"inputs": {"a": 1, "b": "x"}}"#, "application/json", [2]),
    (#"{"inputs": [{"a": 1, "b": "x"}], "params": {"threshold": 0.5}}"#, "application/json", [2]),
    (#"{"params": null, "inputs": {"a": [null], "b": [null]}}"#, "application/json", [0]),
    (#"{"inputs": {"a": [NaN], "b": ["\u00e9\n\ud83d\ude00"]}}"#, "application/json; charset=utf-8", [3]),
    (#"{"dataframe_records": []}"#, "application/json", []),
    ("b,a,extra\nxy,1.5,9\n\"q\"\"q,\",2,\n,,\n", "text/csv", [3.5, 6, 0]),
    ("a,b\r\n1,NA\r\n", "text/csv;charset=UTF-8", [1]),
  ]

  @Test("Every format of the protocol is answered, columns in any order, extra ones dropped", arguments: accepted)
  func accepts(body: String, type: String, answers: [Double]) async throws {
    let test = try TestPlane()
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)])
    try await test.application.test(.router) { client async throws -> Void in
      let (status, json, _) = try await client.predict(body, type: type)
      #expect(status == 200)
      #expect(json["predictions"]?.array?.compactMap(\.double) == answers)
    }
  }

  static let refused: [(body: String, status: Int, code: String, says: String)] = [
    ("", 400, "BAD_REQUEST", "not an object"),
    ("[1]", 400, "BAD_REQUEST", "not an object"),
    ("{}", 400, "BAD_REQUEST", "no rows"),
    (#"{"rows": []}"#, 400, "BAD_REQUEST", "unknown member 'rows'"),
    (#"{"inputs": {"a": [1], "b": ["x"]}, "instances": []}"#, 400, "BAD_REQUEST", "both 'inputs' and 'instances'"),
    (#"{"inputs": {"a": [1], "b": ["x"]}} x"#, 400, "BAD_REQUEST", "unexpected text"),
    (#"{"inputs": {"a": [1], "b": ["x"]}, "params": [1]}"#, 400, "BAD_REQUEST", "'params' is not an object"),
    (#"{"inputs": {"a": [1, 2], "b": ["x"]}}"#, 400, "BAD_REQUEST", "different lengths"),
    (#"{"inputs": {"a": [1], "b": ["x", "y"]}}"#, 400, "BAD_REQUEST", "different lengths"),
    (#"{"inputs": [1, 2]}"#, 400, "BAD_REQUEST", "not an object of named columns"),
    (#"{"instances": [[1, "x"]]}"#, 400, "BAD_REQUEST", "not an object of named columns"),
    (#"{"dataframe_records": {"a": 1}}"#, 400, "BAD_REQUEST", "not a list of objects"),
    (#"{"dataframe_split": {"columns": ["a", "b"]}}"#, 400, "BAD_REQUEST", "needs 'columns' and 'data'"),
    (#"{"dataframe_split": {"columns": ["a", "b"], "data": [[1]]}}"#, 400, "BAD_REQUEST", "Row 0"),
    (#"{"dataframe_split": {"columns": ["a", "b"], "data": [[1, "x", 2]]}}"#, 400, "BAD_REQUEST", "Row 0"),
    (#"{"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}"#, 400, "BAD_REQUEST", "stands twice"),
    (#"{"dataframe_split": {"columns": [1], "data": [[1]]}}"#, 400, "BAD_REQUEST", "not a name"),
    (#"{"dataframe_split": {"columns": ["a"], "rows": []}}"#, 400, "BAD_REQUEST", "unknown member 'rows'"),
    (#"{"dataframe_split": {"columns": ["b"], "data": [["x"]]}}"#, 400, "INVALID_PARAMETER_VALUE", "['a']"),
    (#"{"dataframe_records": [{"x": 1}]}"#, 400, "INVALID_PARAMETER_VALUE", "['a', 'b']"),
    (#"{"inputs": {"a": ["1"], "b": ["x"]}}"#, 400, "INVALID_PARAMETER_VALUE", "column 'a'"),
    (#"{"inputs": {"a": [true], "b": ["x"]}}"#, 400, "INVALID_PARAMETER_VALUE", "boolean to double"),
    (#"{"inputs": {"a": [1], "b": [2]}}"#, 400, "INVALID_PARAMETER_VALUE", "column 'b'"),
    (#"{"inputs": {"a": [[1]], "b": ["x"]}}"#, 400, "INVALID_PARAMETER_VALUE", "a list"),
    (#"{"inputs": {"a": [01], "b": ["x"]}}"#, 400, "BAD_REQUEST", "expected a value"),
    (#"{"inputs": {"a": [1.], "b": ["x"]}}"#, 400, "BAD_REQUEST", "digits are missing"),
    (#"{"inputs": {"a": [1], "b": ["\ud800"]}}"#, 400, "BAD_REQUEST", "escape"),
    (#"{"inputs": {"a": [1], "b": ["x]}}"#, 400, "BAD_REQUEST", "does not end"),
    (String(repeating: "{\"inputs\":[", count: 40), 400, "BAD_REQUEST", "Failed to parse"),
    (#"{"params": \#(String(repeating: "{\"a\":", count: 100))"#, 400, "BAD_REQUEST", "nested deeper"),
  ]

  @Test("A body that cannot be used is a 400 that says why", arguments: refused)
  func refuses(body: String, status: Int, code: String, says: String) async throws {
    let test = try TestPlane()
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)])
    try await test.application.test(.router) { client async throws -> Void in
      let answer = try await client.predict(body)
      #expect(answer.status == status)
      #expect(answer.json["error_code"]?.string == code)
      #expect(answer.json["message"]?.string?.contains(says) == true, "\(answer.json)")
    }
  }

  @Test(
    "A content type that is not read is a 415 in plain text",
    arguments: [
      nil, "text/plain", "application/vnd.apache.parquet", "application/json; charset=latin-1", "application/json; a=b",
    ])
  func refusesTypes(type: String?) async throws {
    let test = try TestPlane()
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)])
    try await test.application.test(.router) { client async throws -> Void in
      let answer = try await client.predict("{}", type: type)
      #expect(answer.status == 415)
      #expect(answer.headers[.contentType]?.hasPrefix("text/plain") == true)
    }
  }

  @Test("Too many rows, and too long a body, are a 413")
  func refusesTooMuch() async throws {
    var limits = ScoringPlane.Limits()
    limits.rowsPerRequest = 2
    limits.bodyBytes = 200
    let test = try TestPlane(limits: limits)
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)])
    try await test.application.test(.router) { client async throws -> Void in
      #expect(try await client.predict(#"{"inputs": {"a": [1, 2, 3], "b": ["", "", ""]}}"#).status == 413)
      #expect(try await client.predict(String(repeating: " ", count: 201)).status == 413)
    }
  }

  @Test("No malformed body gives a 5xx, and each that is refused says why")
  func survivesNoise() async throws {
    let test = try TestPlane()
    defer { test.close() }
    try test.apply([try test.variant(1, TestPlane.simple)])
    let seeds = Self.accepted.map { Array($0.body.utf8) } + Self.refused.map { Array($0.body.utf8) }
    try await test.application.test(.router) { client async throws -> Void in
      var generator = SplitMix(state: 7)
      for round in 0..<3000 {
        let body = Noise.mutate(seeds[round % seeds.count], &generator)
        let type = generator.next() % 5 == 0 ? "text/csv" : "application/json"
        let answer = try await client.predict(bytes: body, type: type)
        let isRefused = answer.status == 400 && answer.json["message"]?.string?.isEmpty == false
        #expect(answer.status == 200 || isRefused, "round \(round): \(answer.status)")
      }
    }
  }

  @Test("Numbers are read to the last bit, as the standard library reads them")
  func readsNumbersExactly() throws {
    var generator = SplitMix(state: 11)
    var texts = [
      "0", "-0", "1e22", "1e23", "9007199254740993", "1.7976931348623157e308", "5e-324", "1e400",
      "123456789012345678901234567890",
    ]
    for _ in 0..<5000 {
      texts.append(Double(bitPattern: generator.next()).description)
      texts.append(
        "\(Int64(bitPattern: generator.next()) >> Int64(generator.next() % 60)).\(generator.next() % 100_000)")
    }
    for text in texts where text != "nan" && text != "-nan" && !text.hasSuffix("inf") {
      var cursor = JSONCursor(Array(text.utf8))
      #expect(try cursor.number().bitPattern == Double(text)?.bitPattern, "\(text)")
    }
  }
}

/// A seeded generator (SplitMix64, Steele et al. 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Bodies broken in the ways a broken client breaks them.
enum Noise {
  static func mutate(_ seed: [UInt8], _ generator: inout SplitMix) -> [UInt8] {
    var bytes = seed
    for _ in 0...(generator.next() % 4) {
      let at = bytes.isEmpty ? 0 : Int(generator.next() % UInt64(bytes.count))
      switch generator.next() % 5 {
      case 0: if !bytes.isEmpty { bytes.remove(at: at) }
      case 1: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: at)
      case 2: if !bytes.isEmpty { bytes[at] = UInt8(truncatingIfNeeded: generator.next()) }
      case 3: bytes.removeSubrange(at...)
      default:
        let tokens = ["[", "]", "{", "}", ",", ":", "\"", "null", "-", "1e999", "\\u", "NaN", "true"]
        bytes.insert(contentsOf: tokens[Int(generator.next() % UInt64(tokens.count))].utf8, at: at)
      }
    }
    return bytes
  }
}

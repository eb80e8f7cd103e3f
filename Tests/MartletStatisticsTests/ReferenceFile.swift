import Foundation
import MartletCore

/// One of the committed files of third-party reference numbers.
func reference(_ name: String) throws -> JSON {
  guard let url = Bundle.module.url(forResource: "Reference/\(name)", withExtension: "json") else {
    throw MartletError.notFound("no reference file \(name).json")
  }
  return try JSON.parse(try Data(contentsOf: url))
}

extension JSON {
  /// Members by path, such as `at("xbar_R", "center")`; null where there is none.
  func at(_ keys: String...) -> JSON { keys.reduce(self) { $0[$1] ?? .null } }

  var number: Double { double ?? .nan }
  var numbers: [Double] { (array ?? []).map(\.number) }
  var integers: [Int] { (array ?? []).map { Int($0.number) } }
}

/// Whether two numbers agree to a relative (for small numbers absolute) tolerance.
func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool {
  a == b || abs(a - b) <= tolerance * max(1, abs(a), abs(b))
}

/// Whether two numbers agree relatively, however small they are.
func relativelyClose(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
  a == b || abs(a - b) <= tolerance * max(abs(a), abs(b))
}

func close(_ a: [Double], _ b: [Double], _ tolerance: Double = 1e-9) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { close($0, $1, tolerance) }
}

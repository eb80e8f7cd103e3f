import MartletCore

/// The page of a thing that the ledger or an alert names, such as `dataset:flight-delay/flights`.
enum ObjectLink {
  static func page(of object: String) -> String? {
    let parts = object.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2, let name = pathEncoded(parts[1]) else { return nil }
    switch parts[0] {
    case "dataset": return "/data/\(name)"
    case "endpoint": return "/endpoints/\(name)"
    case "model": return "/models/\(name)"
    case "run": return "/runs/\(name)"
    case "experiment": return "/experiments/\(name)"
    case "pipeline-run": return "/pipelines/\(name)"
    case "alert": return "/alerts#\(name)"
    default: return nil
    }
  }

  /// Percent-encoded for a path, slashes kept; nil for text that cannot be one.
  static func pathEncoded(_ text: String) -> String? {
    guard !text.isEmpty else { return nil }
    return text.utf8.map { byte in
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"),
        UInt8(ascii: "@"):
        String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }
}

/// `2013-07-01 14:30`, in UTC.
func shortTime(_ time: Timestamp) -> String {
  String(time.description.prefix(16)).replacing("T", with: " ")
}

/// A share as a percentage with one decimal: `12.5 %`.
func percent(_ share: Double) -> String { share.isFinite ? "\(fixed(share * 100, decimals: 1)) %" : "–" }

import Foundation
import MartletCore
import MartletTracking
import Yams

/// The small files of MLflow's file store: `meta.yaml`, and a file for each key whose content is the value.
enum FolderFile {
  /// The scalars of a YAML mapping, and one level of mappings in it.
  struct Meta {
    fileprivate var node: Node.Mapping

    /// A scalar as it is written; nil for null and for nothing.
    func text(_ name: String) -> String? {
      guard let scalar = node[Node(name)]?.scalar else { return nil }
      if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return nil }
      return scalar.string
    }

    func whole(_ name: String) -> Int64? { text(name).flatMap { Int64($0) } }

    func pairs(_ name: String) -> [KeyValue] {
      guard let mapping = node[Node(name)]?.mapping else { return [] }
      return mapping.map { KeyValue($0.key.string ?? "", $0.value.string ?? "") }
    }
  }

  static func yaml(_ path: String) throws -> Meta {
    do {
      guard let mapping = try Yams.compose(yaml: try text(path))?.mapping else {
        throw unreadable(path, "it is not a YAML mapping")
      }
      return Meta(node: mapping)
    } catch let error as YamlError {
      throw unreadable(path, "\(error)")
    }
  }

  static func text(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else { throw unreadable(path, "it cannot be read") }
    return String(decoding: data, as: UTF8.self)
  }

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  static func folders(_ path: String) throws -> [String] {
    try entries(path).filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder) && isFolder.boolValue
    }
  }

  /// Every file below a folder by its relative path: keys may hold slashes.
  static func files(_ path: String) throws -> [String] { try LocalFolder.files(path).map(\.path) }

  /// Keys and values of a folder with a file for each.
  static func pairs(_ path: String) throws -> [KeyValue] {
    try files(path).map { KeyValue($0, try text("\(path)/\($0)")) }
  }

  static func table(_ path: String) throws -> [String: String] {
    Dictionary(try pairs(path).map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
  }

  private static func entries(_ path: String) throws -> [String] {
    guard exists(path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  static func unreadable(_ path: String, _ cause: String) -> MartletError {
    MartletError(.invalidInput, "the file '\(path)' is not as MLflow writes it", cause: cause.isEmpty ? nil : cause)
  }
}

extension ImportedMeasurement {
  /// `<timestamp> <value> <step> <run> [<data set> <digest>]`
  init(line: String, key: String) throws {
    let parts = line.split(separator: " ").map(String.init)
    guard parts.count == 4 || parts.count == 6, let time = Int64(parts[0]), let step = Int64(parts[2]),
      let value = ImportedPoint.number(parts[1][...])
    else { throw FolderFile.unreadable(key, "a line of the metric is '\(line.prefix(80))'") }
    self.init(
      run: parts[3], point: ImportedPoint(key: key, value: value, timestamp: time, step: step),
      datasetName: parts.count == 6 ? parts[4] : nil, datasetDigest: parts.count == 6 ? parts[5] : nil)
  }
}

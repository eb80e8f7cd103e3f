import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MartletCore
import NIOCore
import NIOPosix

@testable import MartletServing

/// The sum of its inputs times a weight, texts counting as their length: a model whose answers a test can compute.
struct SumModel: ServedModel, Codable {
  struct Input: Codable {
    var name: String
    var kind: ColumnKind
    var required = true
  }

  var columns: [Input]
  var weight = 1.0
  var bias = 0.0
  /// Throws on every request.
  var fails = false

  var inputs: [ServedInput] { columns.map { ServedInput($0.name, $0.kind, isRequired: $0.required) } }

  func scores(_ rows: ModelRows) throws -> [Double] {
    if fails { throw MartletError(.internalError, "this model always fails") }
    return (0..<rows.count).map { row in
      let values = (0..<rows.width).map { position -> Double in
        let place = row * rows.width + position
        guard columns[position].kind == .text else { return rows.numbers[place].isNaN ? 0 : rows.numbers[place] }
        return Double(rows.texts[place]?.count ?? 0)
      }
      return values.reduce(bias) { $0 + $1 * weight }
    }
  }
}

/// A scoring plane in a temporary folder, with models a test writes itself.
final class TestPlane: Sendable {
  let data: String
  let plane: ScoringPlane
  let token = AdminToken("mls_0123456789abcdef0123456789abcdef")

  static let now = Timestamp(milliseconds: 1_364_774_400_000)

  init(data: String? = nil, limits: ScoringPlane.Limits = .init()) throws {
    self.data = try data ?? Self.folder()
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    plane = try ScoringPlane(
      folder: ScoringFolder(data: self.data), limits: limits, clock: .fixed(Self.now), threads: .singleton,
      logger: logger
    ) { folder in
      guard let bytes = FileManager.default.contents(atPath: folder + "/model.json") else {
        throw MartletError.notFound("no model")
      }
      return try JSON.parse(bytes).decode(SumModel.self)
    }
  }

  static func folder() throws -> String {
    let path = NSTemporaryDirectory() + "martlet-serving-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  /// Writes a model and returns it as a variant.
  func variant(
    _ version: Int, _ model: SumModel, share: Double = 1, role: VariantRole = .champion
  ) throws -> ScoringConfiguration.Variant {
    let folder = "packages/m@\(version)"
    try FileManager.default.createDirectory(atPath: data + "/" + folder, withIntermediateDirectories: true)
    try Data(JSON(encoding: model).bytes).write(to: URL(fileURLWithPath: data + "/" + folder + "/model.json"))
    return ScoringConfiguration.Variant(
      modelVersion: ModelVersionID(model: "m", version: version), packageFolder: folder, share: share, role: role)
  }

  /// An endpoint `e` with these variants.
  func apply(
    epoch: Int64 = 1, _ variants: [ScoringConfiguration.Variant], features: [ScoringConfiguration.FeatureJoin] = [],
    tables: [OnlineTableDefinition] = [], log: ScoringConfiguration.LogPolicy = .init()
  ) throws {
    try plane.apply(
      ScoringConfiguration(
        epoch: epoch,
        endpoints: [
          ScoringConfiguration.Endpoint(
            name: "e", project: "p", variants: variants, features: features, log: log, epoch: epoch)
        ], tables: tables))
  }

  /// A model of `a` (number) and `b` (text).
  static let simple = SumModel(columns: [.init(name: "a", kind: .number), .init(name: "b", kind: .text)])

  var application: some ApplicationProtocol {
    Application(router: ScoringServer.router(plane: plane, token: token, hosts: nil))
  }

  func close() {
    plane.close()
    try? FileManager.default.removeItem(atPath: data)
  }

  /// What the log holds after a seal, as JSON.
  func logged() async throws -> [JSON] {
    var lines: [JSON] = []
    for segment in try await plane.seal() {
      try SegmentReader(path: plane.log.folder + "/" + segment.name).forEachRecord { lines.append(try JSON.parse($0)) }
    }
    return lines
  }
}

extension TestClientProtocol {
  /// Posts a body to an endpoint's route; returns the status and the answer as JSON (null when it is none).
  func predict(
    _ body: String, path: String = "/invocations", type: String? = "application/json",
    headers: [HTTPField.Name: String] = [:]
  ) async throws -> (status: Int, json: JSON, headers: HTTPFields) {
    try await predict(bytes: Array(body.utf8), path: path, type: type, headers: headers)
  }

  func predict(
    bytes: [UInt8], path: String = "/invocations", type: String? = "application/json",
    headers: [HTTPField.Name: String] = [:]
  ) async throws -> (status: Int, json: JSON, headers: HTTPFields) {
    var fields = HTTPFields()
    if let type { fields[.contentType] = type }
    for (name, value) in headers { fields[name] = value }
    return try await execute(uri: path, method: .post, headers: fields, body: ByteBuffer(bytes: bytes)) { response in
      let bytes = Array(response.body.readableBytesView)
      return (response.status.code, (try? JSON.parse(bytes)) ?? .null, response.headers)
    }
  }
}

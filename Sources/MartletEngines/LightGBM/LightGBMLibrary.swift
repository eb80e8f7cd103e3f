import Foundation
import MartletCore
import Synchronization

/// LightGBM's C functions, found once per process.
final class LightGBMLibrary: @unchecked Sendable {
  typealias Handle = UnsafeMutableRawPointer
  typealias HandleOut = UnsafeMutablePointer<UnsafeMutableRawPointer?>
  typealias Text = UnsafePointer<CChar>
  typealias Buffer = UnsafeMutablePointer<CChar>

  let path: String
  let lastError: @convention(c) () -> Text?
  let setLog: @convention(c) (@convention(c) (Text?) -> Void) -> Int32
  let dumpAliases: @convention(c) (Int64, UnsafeMutablePointer<Int64>, Buffer?) -> Int32

  let createDataset: @convention(c) (UnsafeRawPointer?, Int32, Int32, Int32, Int32, Text, Handle?, HandleOut) -> Int32
  let setField: @convention(c) (Handle?, Text, UnsafeRawPointer?, Int32, Int32) -> Int32
  let setNames: @convention(c) (Handle?, UnsafePointer<Text?>, Int32) -> Int32
  let freeDataset: @convention(c) (Handle?) -> Int32

  let createBooster: @convention(c) (Handle?, Text, HandleOut) -> Int32
  let addValidation: @convention(c) (Handle?, Handle?) -> Int32
  let update: @convention(c) (Handle?, UnsafeMutablePointer<Int32>) -> Int32
  let evalCounts: @convention(c) (Handle?, UnsafeMutablePointer<Int32>) -> Int32
  let evalNames:
    @convention(c) (
      Handle?, Int32, UnsafeMutablePointer<Int32>, Int, UnsafeMutablePointer<Int>, UnsafeMutablePointer<Buffer?>
    ) -> Int32
  let eval: @convention(c) (Handle?, Int32, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Double>) -> Int32
  let saveText: @convention(c) (Handle?, Int32, Int32, Int32, Int64, UnsafeMutablePointer<Int64>, Buffer?) -> Int32
  let importance: @convention(c) (Handle?, Int32, Int32, UnsafeMutablePointer<Double>) -> Int32
  let loadText: @convention(c) (Text, UnsafeMutablePointer<Int32>, HandleOut) -> Int32
  let featureCount: @convention(c) (Handle?, UnsafeMutablePointer<Int32>) -> Int32
  let classCount: @convention(c) (Handle?, UnsafeMutablePointer<Int32>) -> Int32
  let predict:
    @convention(c) (
      Handle?, UnsafeRawPointer?, Int32, Int32, Int32, Int32, Int32, Int32, Int32, Text, UnsafeMutablePointer<Int64>,
      UnsafeMutablePointer<Double>
    ) -> Int32
  let freeBooster: @convention(c) (Handle?) -> Int32

  private init(_ library: SharedLibrary) throws {
    path = library.path
    lastError = try library.function("LGBM_GetLastError")
    setLog = try library.function("LGBM_RegisterLogCallback")
    dumpAliases = try library.function("LGBM_DumpParamAliases")
    createDataset = try library.function("LGBM_DatasetCreateFromMat")
    setField = try library.function("LGBM_DatasetSetField")
    setNames = try library.function("LGBM_DatasetSetFeatureNames")
    freeDataset = try library.function("LGBM_DatasetFree")
    createBooster = try library.function("LGBM_BoosterCreate")
    addValidation = try library.function("LGBM_BoosterAddValidData")
    update = try library.function("LGBM_BoosterUpdateOneIter")
    evalCounts = try library.function("LGBM_BoosterGetEvalCounts")
    evalNames = try library.function("LGBM_BoosterGetEvalNames")
    eval = try library.function("LGBM_BoosterGetEval")
    saveText = try library.function("LGBM_BoosterSaveModelToString")
    importance = try library.function("LGBM_BoosterFeatureImportance")
    loadText = try library.function("LGBM_BoosterLoadModelFromString")
    featureCount = try library.function("LGBM_BoosterGetNumFeature")
    classCount = try library.function("LGBM_BoosterGetNumClasses")
    predict = try library.function("LGBM_BoosterPredictForMat")
    freeBooster = try library.function("LGBM_BoosterFree")
  }

  private static let loaded = Mutex<[String: LightGBMLibrary]>([:])

  /// `MARTLET_LIGHTGBM`, else `lib_lightgbm.so` in the engine folder, else the pinned wheel's.
  static func load(_ engines: EngineFolder) throws -> LightGBMLibrary {
    let path =
      try engines.ownLibrary(of: .lightgbm, named: "lib_lightgbm.so") ?? engines.installedLibrary(of: .lightgbm)
    return try loaded.withLock { loaded in
      if let library = loaded[path] { return library }
      let library = try LightGBMLibrary(SharedLibrary(path))
      loaded[path] = library
      return library
    }
  }

  /// Throws LightGBM's own message unless the code is 0.
  func check(_ code: Int32, doing what: String) throws {
    guard code != 0 else { return }
    let reason = lastError().map { String(cString: $0) } ?? "no reason given"
    throw MartletError(.invalidInput, "LightGBM failed while \(what): \(reason.prefix(500))")
  }

  /// LightGBM's log goes nowhere: what matters is thrown. The setting belongs to the calling thread.
  func silence() { _ = setLog { _ in } }

  /// A text of unknown length, read in one or two calls.
  func text(doing what: String, _ read: (Int64, UnsafeMutablePointer<Int64>, Buffer?) -> Int32) throws -> String {
    var buffer = [CChar](repeating: 0, count: 1 << 16)
    var length: Int64 = 0
    try check(read(Int64(buffer.count), &length, &buffer), doing: what)
    if length > Int64(buffer.count) {
      buffer = [CChar](repeating: 0, count: Int(length))
      try check(read(Int64(buffer.count), &length, &buffer), doing: what)
    }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

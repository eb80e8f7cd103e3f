import MartletCore

/// Rows as LightGBM holds them: binned.
final class LightGBMDataset {
  let library: LightGBMLibrary
  private(set) var handle: UnsafeMutableRawPointer?

  /// - Parameter reference: the training data, whose bins validation data must share.
  init(_ data: LightGBMData, parameters: String, reference: LightGBMDataset? = nil, library: LightGBMLibrary) throws {
    self.library = library
    let what = "reading \(data.rows) rows"
    // 1: 64-bit floating point; row after row.
    try library.check(
      library.createDataset(
        data.values, 1, Int32(data.rows), Int32(data.columns), 1, parameters, reference?.handle, &handle), doing: what)
    // 0: 32-bit floating point.
    try library.check(library.setField(handle, "label", data.labels, Int32(data.rows), 0), doing: what)
    if let weights = data.weights {
      try library.check(library.setField(handle, "weight", weights, Int32(data.rows), 0), doing: what)
    }
    try withCStrings(data.featureNames) { names in
      try library.check(library.setNames(handle, names, Int32(data.columns)), doing: "naming the features")
    }
  }

  deinit { _ = library.freeDataset(handle) }

  private func withCStrings(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws -> Void) rethrows {
    let bytes = texts.flatMap { $0.utf8CString }
    try bytes.withUnsafeBufferPointer { buffer in
      var offset = 0
      let pointers: [UnsafePointer<CChar>?] = texts.map { text in
        defer { offset += text.utf8.count + 1 }
        return buffer.baseAddress.map { $0 + offset }
      }
      try pointers.withUnsafeBufferPointer { if let start = $0.baseAddress { try body(start) } }
    }
  }
}

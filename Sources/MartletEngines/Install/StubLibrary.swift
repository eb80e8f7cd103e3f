/// A shared object written byte by byte, which defines symbols that are looked up but never used.
///
/// DuckDB's wheel is a Python extension: the loader wants every Python symbol it mentions, though its C interface
/// never touches Python. Here each function returns 0 and each object is zeroed memory, so no Python is needed, and
/// no compiler either. Layout (System V ABI): ELF header, program headers, hash, symbols, strings and code in one
/// read-only segment; the dynamic section and the objects in a writable one.
struct StubLibrary {
  struct Symbol: Hashable {
    let name: String
    let isFunction: Bool
  }

  let symbols: [Symbol]

  /// Room for one object; the largest of Python's that is referred to, its type object, takes 408 bytes.
  private static let objectSize: UInt64 = 512
  private static let page: UInt64 = 0x1000
  private static let code: [UInt8] = [0x31, 0xC0, 0xC3]  // xor eax, eax; ret

  init(_ symbols: [Symbol]) { self.symbols = symbols }

  /// What stands in for Python where these symbols are wanted.
  init(python undefined: [ELFImage.UndefinedSymbol]) {
    symbols = undefined.filter { $0.name.hasPrefix("Py") || $0.name.hasPrefix("_Py") }.map { symbol in
      let namesObject =
        symbol.name.hasPrefix("PyExc_") || symbol.name.hasSuffix("Type") || symbol.name.hasSuffix("Struct")
      return Symbol(name: symbol.name, isFunction: symbol.isCalled || !namesObject)
    }
  }

  func bytes() -> [UInt8] {
    var strings: [UInt8] = [0]
    let soname = UInt64(Self.add("libpython-stub.so", to: &strings))
    let names = symbols.map { Self.add($0.name, to: &strings) }

    let hashAt: UInt64 = 64 + 4 * 56
    let hash = hashTable()
    let symbolsAt = Self.align(hashAt + UInt64(hash.count), to: 8)
    let stringsAt = symbolsAt + UInt64(symbols.count + 1) * 24
    let codeAt = Self.align(stringsAt + UInt64(strings.count), to: 16)
    let readOnlySize = codeAt + UInt64(Self.code.count)
    let dynamicAt = Self.align(readOnlySize, to: Self.page)
    let dynamic = Self.words([
      14, soname, 4, hashAt, 5, stringsAt, 6, symbolsAt, 10, UInt64(strings.count), 11, 24, 0, 0,
    ])
    let objectsAt = Self.align(dynamicAt + UInt64(dynamic.count), to: 64)
    let objectsEnd = objectsAt + UInt64(symbols.filter { !$0.isFunction }.count) * Self.objectSize

    var output = header()
    output += Self.segment(type: 1, flags: 5, at: 0, fileSize: readOnlySize, memorySize: readOnlySize, align: Self.page)
    output += Self.segment(
      type: 1, flags: 6, at: dynamicAt, fileSize: UInt64(dynamic.count), memorySize: objectsEnd - dynamicAt,
      align: Self.page)
    output += Self.segment(
      type: 2, flags: 6, at: dynamicAt, fileSize: UInt64(dynamic.count), memorySize: UInt64(dynamic.count), align: 8)
    output += Self.segment(type: 0x6474_E551, flags: 6, at: 0, fileSize: 0, memorySize: 0, align: 16)
    output += hash
    Self.pad(&output, to: symbolsAt)
    output += symbolTable(names: names, codeAt: codeAt, objectsAt: objectsAt)
    output += strings
    Self.pad(&output, to: codeAt)
    output += Self.code
    Self.pad(&output, to: dynamicAt)
    return output + dynamic
  }

  /// ELF64, little-endian, shared object, x86-64; four program headers, no sections.
  private func header() -> [UInt8] {
    [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 62, 0, 1, 0, 0, 0]
      + Self.words([0, 64, 0]) + [0, 0, 0, 0, 64, 0, 56, 0, 4, 0, 64, 0, 0, 0, 0, 0]
  }

  private static func segment(
    type: UInt32, flags: UInt32, at: UInt64, fileSize: UInt64, memorySize: UInt64, align: UInt64
  ) -> [UInt8] {
    words([UInt64(type) | UInt64(flags) << 32, at, at, at, fileSize, memorySize, align])
  }

  /// Each symbol is global; the section index only has to differ from "undefined".
  private func symbolTable(names: [UInt32], codeAt: UInt64, objectsAt: UInt64) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: 24)
    var nextObject = objectsAt
    for (symbol, name) in zip(symbols, names) {
      let information: UInt64 = symbol.isFunction ? 0x12 : 0x11
      let size = symbol.isFunction ? UInt64(Self.code.count) : Self.objectSize
      output += Self.words([
        UInt64(name) | information << 32 | 1 << 48, symbol.isFunction ? codeAt : nextObject, size,
      ])
      if !symbol.isFunction { nextObject += Self.objectSize }
    }
    return output
  }

  /// The classic hash table: bucket count, chain count, buckets, chains.
  private func hashTable() -> [UInt8] {
    let bucketCount = 257
    var buckets = [UInt32](repeating: 0, count: bucketCount)
    var chains = [UInt32](repeating: 0, count: symbols.count + 1)
    for (index, symbol) in symbols.enumerated() {
      let bucket = Int(Self.hash(symbol.name)) % bucketCount
      chains[index + 1] = buckets[bucket]
      buckets[bucket] = UInt32(index + 1)
    }
    return ([UInt32(bucketCount), UInt32(chains.count)] + buckets + chains).flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
  }

  /// The System V ABI's symbol hash.
  static func hash(_ name: String) -> UInt32 {
    name.utf8.reduce(0) { hash, byte in
      let shifted = hash << 4 &+ UInt32(byte)
      let high = shifted & 0xF000_0000
      return (shifted ^ high >> 24) & ~high
    }
  }

  private static func add(_ name: String, to strings: inout [UInt8]) -> UInt32 {
    defer { strings += Array(name.utf8) + [0] }
    return UInt32(strings.count)
  }

  private static func words(_ values: [UInt64]) -> [UInt8] {
    values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
  }

  private static func align(_ value: UInt64, to boundary: UInt64) -> UInt64 {
    (value + boundary - 1) / boundary * boundary
  }

  private static func pad(_ bytes: inout [UInt8], to length: UInt64) {
    bytes += [UInt8](repeating: 0, count: Int(length) - bytes.count)
  }
}

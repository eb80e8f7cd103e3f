import Foundation
import MartletCore

/// What an ELF64 little-endian shared object says about the symbols it needs from elsewhere
/// (format: System V ABI, "Object Files"; AMD64 supplement for relocation types).
struct ELFImage {
  struct UndefinedSymbol: Hashable {
    let name: String
    /// Reached through the procedure linkage table: certainly a function.
    let isCalled: Bool
  }

  private struct Section {
    let type: UInt32
    let offset: Int
    let size: Int
    let link: Int
  }

  private let bytes: Data
  private let path: String
  private let sections: [Section]

  init(path: String) throws {
    self.path = path
    do {
      bytes = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw MartletError(.notFound, "the library \(path) could not be read", cause: "\(error)")
    }
    guard bytes.count > 64, bytes.prefix(6) == Data([0x7F, 0x45, 0x4C, 0x46, 2, 1]) else {
      throw MartletError.invalidInput("\(path) is not a 64-bit ELF library")
    }
    guard Self.read(UInt16.self, bytes, 18) == 62 else {
      throw MartletError.invalidInput("\(path) is not a library for x86-64")
    }
    let table = Int(Self.read(UInt64.self, bytes, 40) ?? 0)
    let entrySize = Int(Self.read(UInt16.self, bytes, 58) ?? 0)
    let count = Int(Self.read(UInt16.self, bytes, 60) ?? 0)
    guard entrySize == 64 else { throw MartletError.invalidInput("\(path) has no section table") }
    sections = (0..<count).compactMap { [bytes] index in
      let at = table + index * entrySize
      guard let type = Self.read(UInt32.self, bytes, at + 4), let offset = Self.read(UInt64.self, bytes, at + 24),
        let size = Self.read(UInt64.self, bytes, at + 32), let link = Self.read(UInt32.self, bytes, at + 40)
      else { return nil }
      return Section(type: type, offset: Int(offset), size: Int(size), link: Int(link))
    }
  }

  /// Global symbols the library expects somebody else to define, in the order of its symbol table.
  func undefinedSymbols() throws -> [UndefinedSymbol] {
    guard let symbols = sections.first(where: { $0.type == 11 }), sections.indices.contains(symbols.link) else {
      throw MartletError.invalidInput("\(path) has no dynamic symbol table")
    }
    let strings = sections[symbols.link]
    let called = calledSymbolIndexes()
    return (0..<symbols.size / 24).compactMap { index in
      let at = symbols.offset + index * 24
      guard let info = Self.read(UInt8.self, bytes, at + 4), info >> 4 == 1,
        Self.read(UInt16.self, bytes, at + 6) == 0, let nameOffset = Self.read(UInt32.self, bytes, at)
      else { return nil }
      return UndefinedSymbol(name: text(at: strings.offset + Int(nameOffset)), isCalled: called.contains(index))
    }
  }

  /// Symbols with a relocation of type R_X86_64_JUMP_SLOT (7).
  private func calledSymbolIndexes() -> Set<Int> {
    var indexes: Set<Int> = []
    for section in sections where section.type == 4 {
      for at in stride(from: section.offset, to: section.offset + section.size, by: 24) {
        guard let info = Self.read(UInt64.self, bytes, at + 8) else { break }
        if info & 0xFFFF_FFFF == 7 { indexes.insert(Int(info >> 32)) }
      }
    }
    return indexes
  }

  private func text(at offset: Int) -> String {
    guard offset < bytes.count else { return "" }
    return String(decoding: bytes[offset...].prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func read<Value: FixedWidthInteger>(_ type: Value.Type, _ bytes: Data, _ offset: Int) -> Value? {
    guard offset >= 0, offset + MemoryLayout<Value>.size <= bytes.count else { return nil }
    return bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
  }
}

import Foundation
import MartletCore

/// A C library opened at run time. It stays open until the process ends: engines start threads of their own, and
/// closing them under their feet is not survivable.
struct SharedLibrary: @unchecked Sendable {
  let path: String
  private let handle: UnsafeMutableRawPointer

  /// - Parameter global: whether libraries opened later may use this one's symbols.
  init(_ path: String, global: Bool = false) throws {
    guard let handle = dlopen(path, RTLD_NOW | (global ? RTLD_GLOBAL : RTLD_LOCAL)) else {
      throw Self.failure(path, reason: dlerror().map { String(cString: $0) } ?? "unknown reason")
    }
    self.path = path
    self.handle = handle
  }

  /// The function of that name. The caller states its C type; nothing can check it.
  func function<Function>(_ name: String, as type: Function.Type = Function.self) throws -> Function {
    guard let address = dlsym(handle, name) else {
      throw MartletError(
        .unavailable, "the library \(path) has no function '\(name)'",
        cause: "it is not the library expected here, or a version that Martlet does not know",
        fix: "run `martlet engines install`, which brings the version Martlet is tested with")
    }
    return unsafeBitCast(address, to: Function.self)
  }

  func has(_ name: String) -> Bool { dlsym(handle, name) != nil }

  private static func failure(_ path: String, reason: String) -> MartletError {
    let fix =
      reason.contains("libgomp")
      ? "install the OpenMP runtime: `apt-get install libgomp1`"
      : reason.contains("Py")
        ? "run `martlet engines install` again: the stub library beside it is missing or old"
        : "run `martlet engines install` again"
    return MartletError(.unavailable, "the library \(path) could not be loaded", cause: reason, fix: fix)
  }
}

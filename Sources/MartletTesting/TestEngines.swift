package import MartletEngines

/// The engines that tests use: the standard folder, into which what is missing is installed once.
package enum TestEngines {
  private static let installed = Result { try EngineInstaller().install(into: .standard) }

  /// Throws, with the fix, where an engine is missing and cannot be installed.
  package static func folder() throws -> EngineFolder {
    try installed.get()
    return .standard
  }
}

import Foundation
import MartletCore

/// The file of an SQLite database before and while it is opened: clear errors, and private permissions.
enum SQLiteFile {
  /// Creates the file, readable by its owner only, when it is missing, so that SQLite's side files get the same
  /// permissions.
  static func prepare(_ path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw cannotOpen(path, errno) }
    close(descriptor)
    let folder = (path as NSString).deletingLastPathComponent
    guard access(folder.isEmpty ? "." : folder, W_OK | X_OK) == 0 else {
      throw MartletError(
        .permissionDenied, "the folder '\(folder)' of the database cannot be written",
        cause: String(cString: strerror(errno)),
        fix: "let the server's user write it: SQLite keeps its log beside the database")
    }
  }

  static func openingFailed(_ path: String, _ error: MartletError) -> MartletError {
    MartletError(
      error.code, "the database '\(path)' could not be opened: \(error.message)", cause: error.cause, fix: error.fix)
  }

  private static func cannotOpen(_ path: String, _ number: Int32) -> MartletError {
    let cause = String(cString: strerror(number))
    let message = "the database file '\(path)' could not be opened"
    switch number {
    case ENOENT, ENOTDIR:
      return MartletError(.notFound, message, cause: cause, fix: "create its folder, or give another path")
    case EISDIR:
      return MartletError(.invalidInput, message, cause: cause, fix: "give the path of a file, not of a folder")
    case ENOSPC, EDQUOT: return .databaseStorageFull(cause)
    default:
      return MartletError(
        .permissionDenied, message, cause: cause, fix: "let the server's user read and write the file and its folder")
    }
  }
}

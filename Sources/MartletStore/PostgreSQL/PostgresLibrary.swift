import Foundation
import MartletCore

/// PostgreSQL's client library, opened when the first connection is made: nobody else needs it, or waits for the twenty
/// libraries that it brings. The declarations are those of `libpq-fe.h`, which has kept them since PostgreSQL 8.
struct PostgresLibrary: @unchecked Sendable {
  typealias Handle = OpaquePointer?
  typealias Text = UnsafePointer<CChar>?
  typealias Texts = UnsafePointer<Text>
  typealias NoticeProcessor = @convention(c) (UnsafeMutableRawPointer?, Text) -> Void

  let connect: @convention(c) (Texts, Texts, Int32) -> Handle
  let finish: @convention(c) (Handle) -> Void
  let status: @convention(c) (Handle) -> Int32
  let transactionStatus: @convention(c) (Handle) -> Int32
  let errorMessage: @convention(c) (Handle) -> Text
  let setNoticeProcessor:
    @convention(c) (Handle, NoticeProcessor?, UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?

  let execute: @convention(c) (Handle, Text) -> Handle
  let prepare: @convention(c) (Handle, Text, Text, Int32, UnsafePointer<Oid>?) -> Handle
  let executePrepared:
    @convention(c) (Handle, Text, Int32, Texts?, UnsafePointer<Int32>?, UnsafePointer<Int32>?, Int32) -> Handle

  let clear: @convention(c) (Handle) -> Void
  let resultStatus: @convention(c) (Handle) -> Int32
  let resultErrorField: @convention(c) (Handle, Int32) -> Text
  let changedRows: @convention(c) (Handle) -> Text
  let rowCount: @convention(c) (Handle) -> Int32
  let columnCount: @convention(c) (Handle) -> Int32
  let columnType: @convention(c) (Handle, Int32) -> Oid
  let isNull: @convention(c) (Handle, Int32, Int32) -> Int32
  let value: @convention(c) (Handle, Int32, Int32) -> Text
  let length: @convention(c) (Handle, Int32, Int32) -> Int32

  /// The library of this process, or why there is none.
  static func loaded() throws -> PostgresLibrary { try found.get() }

  private static let found = Result { try PostgresLibrary(path: "libpq.so.5") }

  /// It stays open until the process ends.
  init(path: String) throws {
    guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw MartletError(
        .unavailable, "PostgreSQL's client library could not be loaded",
        cause: dlerror().map { String(cString: $0) } ?? "there is no \(path)", fix: "apt-get install libpq5")
    }
    func function<Function>(_ name: String) throws -> Function {
      guard let address = dlsym(library, name) else {
        throw MartletError(
          .unavailable, "PostgreSQL's client library \(path) has no function '\(name)'",
          fix: "install libpq of PostgreSQL 9.0 or newer")
      }
      return unsafeBitCast(address, to: Function.self)
    }
    connect = try function("PQconnectdbParams")
    finish = try function("PQfinish")
    status = try function("PQstatus")
    transactionStatus = try function("PQtransactionStatus")
    errorMessage = try function("PQerrorMessage")
    setNoticeProcessor = try function("PQsetNoticeProcessor")
    execute = try function("PQexec")
    prepare = try function("PQprepare")
    executePrepared = try function("PQexecPrepared")
    clear = try function("PQclear")
    resultStatus = try function("PQresultStatus")
    resultErrorField = try function("PQresultErrorField")
    changedRows = try function("PQcmdTuples")
    rowCount = try function("PQntuples")
    columnCount = try function("PQnfields")
    columnType = try function("PQftype")
    isNull = try function("PQgetisnull")
    value = try function("PQgetvalue")
    length = try function("PQgetlength")
  }
}

/// PostgreSQL's object id.
typealias Oid = UInt32

/// The values of libpq's enumerations that mean something here.
enum PostgresStatus {
  static let connectionOK: Int32 = 0
  static let transactionIdle: Int32 = 0
  /// `PGRES_EMPTY_QUERY`, `PGRES_COMMAND_OK` and `PGRES_TUPLES_OK`.
  static let succeeded: ClosedRange<Int32> = 0...2
}

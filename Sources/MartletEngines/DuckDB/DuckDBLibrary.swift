import CMartletEngines
import MartletCore
import Synchronization

/// DuckDB's C functions, found once per process in the library that is installed or that the user points to.
final class DuckDBLibrary: @unchecked Sendable {
  typealias Pointer = UnsafeMutableRawPointer
  typealias Out = UnsafeMutablePointer<UnsafeMutableRawPointer?>
  typealias Text = UnsafePointer<CChar>
  typealias Result = martlet_duckdb_result
  typealias ResultOut = UnsafeMutablePointer<martlet_duckdb_result>

  let path: String
  let version: String

  let open: @convention(c) (Text?, Out, Pointer?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32
  let close: @convention(c) (Out) -> Void
  let createConfig: @convention(c) (Out) -> Int32
  let setConfig: @convention(c) (Pointer?, Text, Text) -> Int32
  let destroyConfig: @convention(c) (Out) -> Void
  let connect: @convention(c) (Pointer?, Out) -> Int32
  let disconnect: @convention(c) (Out) -> Void
  let interrupt: @convention(c) (Pointer?) -> Void
  let progress: @convention(c) (Pointer?) -> martlet_duckdb_progress
  let free: @convention(c) (Pointer?) -> Void

  let query: @convention(c) (Pointer?, Text, ResultOut) -> Int32
  let resultError: @convention(c) (ResultOut) -> Text?
  let destroyResult: @convention(c) (ResultOut) -> Void
  let columnCount: @convention(c) (ResultOut) -> UInt64
  let columnName: @convention(c) (ResultOut, UInt64) -> Text?
  let columnType: @convention(c) (ResultOut, UInt64) -> Int32
  let columnLogicalType: @convention(c) (ResultOut, UInt64) -> Pointer?
  let fetchChunk: @convention(c) (martlet_duckdb_result) -> Pointer?

  let extractStatements: @convention(c) (Pointer?, Text, Out) -> UInt64
  let extractError: @convention(c) (Pointer?) -> Text?
  let destroyExtracted: @convention(c) (Out) -> Void
  let prepareExtracted: @convention(c) (Pointer?, Pointer?, UInt64, Out) -> Int32
  let prepare: @convention(c) (Pointer?, Text, Out) -> Int32
  let prepareError: @convention(c) (Pointer?) -> Text?
  let destroyPrepared: @convention(c) (Out) -> Void
  let executePrepared: @convention(c) (Pointer?, ResultOut) -> Int32
  let preparedColumnCount: @convention(c) (Pointer?) -> UInt64
  let preparedColumnType: @convention(c) (Pointer?, UInt64) -> Int32
  let preparedColumnName: @convention(c) (Pointer?, UInt64) -> UnsafeMutablePointer<CChar>?

  let chunkSize: @convention(c) (Pointer?) -> UInt64
  let chunkVector: @convention(c) (Pointer?, UInt64) -> Pointer?
  let createChunk: @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>, UInt64) -> Pointer?
  let resetChunk: @convention(c) (Pointer?) -> Void
  let setChunkSize: @convention(c) (Pointer?, UInt64) -> Void
  let destroyChunk: @convention(c) (Out) -> Void
  let vectorSize: @convention(c) () -> UInt64
  let vectorData: @convention(c) (Pointer?) -> Pointer?
  let vectorValidity: @convention(c) (Pointer?) -> UnsafeMutablePointer<UInt64>?
  let makeValidityWritable: @convention(c) (Pointer?) -> Void
  let assignText: @convention(c) (Pointer?, UInt64, Text?, UInt64) -> Void

  let createLogicalType: @convention(c) (Int32) -> Pointer?
  let destroyLogicalType: @convention(c) (Out) -> Void
  let decimalScale: @convention(c) (Pointer?) -> UInt8
  let decimalInternalType: @convention(c) (Pointer?) -> Int32

  let createAppender: @convention(c) (Pointer?, Text?, Text, Out) -> Int32
  let appenderError: @convention(c) (Pointer?) -> Text?
  let appendChunk: @convention(c) (Pointer?, Pointer?) -> Int32
  let closeAppender: @convention(c) (Pointer?) -> Int32
  let destroyAppender: @convention(c) (Out) -> Int32

  private init(_ library: SharedLibrary) throws {
    path = library.path
    let readVersion: @convention(c) () -> Text? = try library.function("duckdb_library_version")
    version = readVersion().map { String(cString: $0) } ?? "unknown"
    open = try library.function("duckdb_open_ext")
    close = try library.function("duckdb_close")
    createConfig = try library.function("duckdb_create_config")
    setConfig = try library.function("duckdb_set_config")
    destroyConfig = try library.function("duckdb_destroy_config")
    connect = try library.function("duckdb_connect")
    disconnect = try library.function("duckdb_disconnect")
    interrupt = try library.function("duckdb_interrupt")
    progress = try library.function("duckdb_query_progress")
    free = try library.function("duckdb_free")
    query = try library.function("duckdb_query")
    resultError = try library.function("duckdb_result_error")
    destroyResult = try library.function("duckdb_destroy_result")
    columnCount = try library.function("duckdb_column_count")
    columnName = try library.function("duckdb_column_name")
    columnType = try library.function("duckdb_column_type")
    columnLogicalType = try library.function("duckdb_column_logical_type")
    fetchChunk = try library.function("duckdb_fetch_chunk")
    extractStatements = try library.function("duckdb_extract_statements")
    extractError = try library.function("duckdb_extract_statements_error")
    destroyExtracted = try library.function("duckdb_destroy_extracted")
    prepareExtracted = try library.function("duckdb_prepare_extracted_statement")
    prepare = try library.function("duckdb_prepare")
    prepareError = try library.function("duckdb_prepare_error")
    destroyPrepared = try library.function("duckdb_destroy_prepare")
    executePrepared = try library.function("duckdb_execute_prepared")
    preparedColumnCount = try library.function("duckdb_prepared_statement_column_count")
    preparedColumnType = try library.function("duckdb_prepared_statement_column_type")
    preparedColumnName = try library.function("duckdb_prepared_statement_column_name")
    chunkSize = try library.function("duckdb_data_chunk_get_size")
    chunkVector = try library.function("duckdb_data_chunk_get_vector")
    createChunk = try library.function("duckdb_create_data_chunk")
    resetChunk = try library.function("duckdb_data_chunk_reset")
    setChunkSize = try library.function("duckdb_data_chunk_set_size")
    destroyChunk = try library.function("duckdb_destroy_data_chunk")
    vectorSize = try library.function("duckdb_vector_size")
    vectorData = try library.function("duckdb_vector_get_data")
    vectorValidity = try library.function("duckdb_vector_get_validity")
    makeValidityWritable = try library.function("duckdb_vector_ensure_validity_writable")
    assignText = try library.function("duckdb_vector_assign_string_element_len")
    createLogicalType = try library.function("duckdb_create_logical_type")
    destroyLogicalType = try library.function("duckdb_destroy_logical_type")
    decimalScale = try library.function("duckdb_decimal_scale")
    decimalInternalType = try library.function("duckdb_decimal_internal_type")
    createAppender = try library.function("duckdb_appender_create")
    appenderError = try library.function("duckdb_appender_error")
    appendChunk = try library.function("duckdb_append_data_chunk")
    closeAppender = try library.function("duckdb_appender_close")
    destroyAppender = try library.function("duckdb_appender_destroy")
  }

  private static let loaded = Mutex<[String: DuckDBLibrary]>([:])

  /// The library for an engine folder: `MARTLET_DUCKDB`, else `libduckdb.so` in the folder, else the pinned wheel's.
  static func load(_ engines: EngineFolder) throws -> DuckDBLibrary {
    let choice = try choose(engines)
    return try loaded.withLock { loaded in
      if let library = loaded[choice.path] { return library }
      if let stub = choice.stub { _ = try SharedLibrary(stub, global: true) }
      let library = try DuckDBLibrary(SharedLibrary(choice.path))
      loaded[choice.path] = library
      return library
    }
  }

  private static func choose(_ engines: EngineFolder) throws -> (path: String, stub: String?) {
    if let own = try engines.ownLibrary(of: .duckdb, named: "libduckdb.so") { return (own, nil) }
    let path = try engines.installedLibrary(of: .duckdb)
    return (path, EnginePin.duckdb.stub.map { "\(engines.folder(of: .duckdb))/\($0)" })
  }
}

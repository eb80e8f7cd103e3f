import MartletCore
import MartletData
import MartletEngines
package import MartletJobs

/// What `features.join` is given.
struct JoinArguments: Sendable, Codable {
  /// Path of the base Parquet file.
  var base: String
  var at: String
  var views: [ViewQuery]
  var versions: [String]
  var datasets: [DatasetSnapshot]
  var split: TimeSplit?
  var label: String?
  var dropUnlabelled: Bool
  /// Where the files are written: `train.parquet` and, for a split, `test.parquet`.
  var output: String
}

/// What `features.join` returns.
struct JoinOutcome: Sendable, Codable {
  var columns: [TrainingSet.Column]
  var trainRows: Int64
  var testRows: Int64
  var cut: Timestamp?
  var baseRows: Int64
  var unlabelled: Int64
  var views: [ViewReport]
}

/// Adds to each row of a base table the features as they were known at that row's moment (ASOF join).
package enum JoinJob {
  package static let handler = JobHandler("features.join") { (arguments: JoinArguments, context: JobContext) in
    try run(arguments, context)
  }

  static func run(_ arguments: JoinArguments, _ context: JobContext) throws -> JoinOutcome {
    let files = arguments.datasets.flatMap { $0.files + $0.tail }.map(\.path)
    let database = try DuckDB.open(
      engines: EngineFolder(context.engines), allowedDirectories: [arguments.output],
      allowedFiles: files + [arguments.base], memoryLimitMB: 2560, threads: 2, spillDirectory: context.scratch)
    for dataset in arguments.datasets {
      try database.execute("CREATE VIEW \(SQLText.quote(dataset.dataset.name.text)) AS \(dataset.sql())")
    }
    return try JoinPlan(arguments, database).run { context.progress($0, $1) }
  }
}

/// The steps of the join, one statement each.
struct JoinPlan {
  private let arguments: JoinArguments
  private let database: DuckDB
  private let base: [(name: String, type: String)]
  private let views: [ViewQuery]
  /// The value columns of each view.
  private let values: [[String]]

  init(_ arguments: JoinArguments, _ database: DuckDB) throws {
    self.arguments = arguments
    self.database = database
    try database.execute("CREATE TABLE base AS SELECT * FROM read_parquet(\(SQLText.literal(arguments.base)))")
    let described = try database.query("SELECT column_name, column_type FROM (DESCRIBE base)")
    base = try zip(described.texts("column_name"), described.texts("column_type")).map { ($0 ?? "", $1 ?? "") }
    views = try arguments.views.map { try $0.checked(database) }
    values = try views.map { try $0.values(database) }
    try check()
  }

  private func check() throws {
    let names = base.map(\.name)
    for needed in [arguments.at, arguments.split?.column, arguments.label].compactMap(\.self)
    where !names.contains(needed) {
      throw MartletError.invalidInput(
        "the base table has no column '\(needed)'\(didYouMean(needed, among: names))",
        fix: "its columns are: \(names.prefix(40).joined(separator: ", "))")
    }
    if let type = base.first(where: { $0.name == arguments.at })?.type, !type.hasPrefix("TIMESTAMP"), type != "DATE" {
      throw MartletError.invalidInput(
        "the column '\(arguments.at)' says when, but holds \(type)", fix: "cast it to a timestamp")
    }
    var owners = Dictionary(names.map { ($0, "the base table") }) { first, _ in first }
    for (view, columns) in zip(views, values) {
      for entity in view.entity where !names.contains(entity) {
        throw MartletError.invalidInput(
          "the base table lacks '\(entity)', by which the feature view '\(view.name)' is looked up\(didYouMean(entity, among: names))",
          fix: "return it from the SQL of the base table")
      }
      for column in columns {
        if let owner = owners[column] {
          throw MartletError.invalidInput(
            "the column '\(column)' of the feature view '\(view.name)' is also in \(owner)",
            fix: "give one of them another name in its SQL")
        }
        owners[column] = "the feature view '\(view.name)'"
      }
    }
  }

  func run(_ progress: (Double, String) -> Void) throws -> JoinOutcome {
    for (index, view) in views.enumerated() {
      progress(0.7 * Double(index) / Double(max(1, views.count)), "computing \(view.name)")
      try database.execute("CREATE TABLE view\(index) AS \(view.history(values[index]))")
    }
    progress(0.7, "joining")
    try database.execute("CREATE TABLE joined AS \(joinSQL)")
    let baseRows = try count("SELECT count(*) AS n FROM joined")
    let unlabelled =
      try arguments.label.map { try count("SELECT count(*) AS n FROM joined WHERE \(SQLText.quote($0)) IS NULL") } ?? 0
    let views = try report()
    if let label = arguments.label, arguments.dropUnlabelled {
      try database.execute("DELETE FROM joined WHERE \(SQLText.quote(label)) IS NULL")
    }
    progress(0.9, "writing")
    let (trainRows, testRows, cut) = try write()
    return JoinOutcome(
      columns: try columns(), trainRows: trainRows, testRows: testRows, cut: cut, baseRows: baseRows,
      unlabelled: unlabelled, views: views)
  }

  /// Every row of the base once, in its order; the time-to-live is applied after the join, so that a value that is too
  /// old is missing, and not replaced by one that is older still.
  private var joinSQL: String {
    let at = "CAST(b.\(SQLText.quote(arguments.at)) AS TIMESTAMP)"
    var columns = base.map { "b.\(SQLText.quote($0.name))" } + ["b.rowid AS _row"]
    var joins = "FROM base AS b"
    for (index, view) in views.enumerated() {
      let v = "v\(index)"
      let same = view.entity.map { "b.\(SQLText.quote($0)) = \(v).\(SQLText.quote($0))" }.joined(separator: " AND ")
      guard let timestamp = view.timestamp else {
        joins += "\nLEFT JOIN view\(index) AS \(v) ON \(same)"
        columns += values[index].map { "\(v).\(SQLText.quote($0))" }
        columns.append("CASE WHEN \(v).\(SQLText.quote(view.entity[0])) IS NULL THEN NULL ELSE 0 END AS _age\(index)")
        columns.append("false AS _expired\(index)")
        continue
      }
      let time = "\(v).\(SQLText.quote(timestamp))"
      joins += "\nASOF LEFT JOIN view\(index) AS \(v) ON \(same) AND \(at) >= \(time)"
      let age = "epoch_ms(\(at)) - epoch_ms(\(time))"
      let fresh = view.ttl.map { "\(age) <= \($0)" } ?? "true"
      columns += values[index].map { "CASE WHEN \(fresh) THEN \(v).\(SQLText.quote($0)) END AS \(SQLText.quote($0))" }
      columns.append("CASE WHEN \(fresh) THEN \(age) END AS _age\(index)")
      columns.append("coalesce(NOT (\(fresh)), false) AS _expired\(index)")
    }
    return "SELECT \(columns.joined(separator: ",\n  "))\n\(joins)\nORDER BY _row"
  }

  private func count(_ sql: String) throws -> Int64 { Int64(try database.query(sql).numbers("n").first ?? 0) }

  private func report() throws -> [ViewReport] {
    try views.enumerated().map { index, view in
      let row = try database.query(
        """
        SELECT count(_age\(index)) AS matched, count(*) FILTER (WHERE _expired\(index)) AS expired, count(*) AS total,
          median(_age\(index)) / 1000 AS typical, max(_age\(index)) / 1000 AS oldest FROM joined
        """)
      let number = { (name: String) in try row.numbers(name).first ?? .nan }
      let (matched, expired) = (Int64(try number("matched")), Int64(try number("expired")))
      let isTimed = view.timestamp != nil && matched > 0
      return ViewReport(
        view: view.name, version: arguments.versions[index], matched: matched, expired: expired,
        missing: Int64(try number("total")) - matched - expired, medianAge: isTimed ? try number("typical") : nil,
        maximumAge: isTimed ? try number("oldest") : nil)
    }
  }

  private func write() throws -> (train: Int64, test: Int64, cut: Timestamp?) {
    let rows = try count("SELECT count(*) AS n FROM joined")
    guard rows > 0 else {
      throw MartletError(
        .checkFailed, "the training set has no rows", cause: arguments.label.map { "none has a value in '\($0)'" })
    }
    guard let split = arguments.split else {
      try copy("true", "train")
      return (rows, 0, nil)
    }
    let x = "CAST(\(SQLText.quote(split.column)) AS TIMESTAMP)"
    let total = split.train.fraction + split.test.fraction
    guard split.train.fraction > 0, split.test.fraction > 0, total <= 1.0001 else {
      throw MartletError.invalidInput(
        "the split into train and test", fix: "write two shares above 0 that are at most 100% together")
    }
    let bounds = try database.query(
      """
      SELECT CAST(quantile_disc(\(x), \(split.train.fraction)) AS TIMESTAMP) AS cut,
        CAST(quantile_disc(\(x), \(min(1, total))) AS TIMESTAMP) AS last FROM joined
      """)
    guard case .time(let cuts)? = bounds["cut"], let cut = cuts.first ?? nil, case .time(let lasts)? = bounds["last"],
      let last = lasts.first ?? nil
    else { throw MartletError.invalidInput("the column '\(split.column)' to split by holds no times") }
    let (first, end) = (Timestamp(milliseconds: cut).sqlLiteral, Timestamp(milliseconds: last).sqlLiteral)
    try copy("\(x) < \(first)", "train")
    try copy("\(x) >= \(first) AND \(x) <= \(end)", "test")
    let train = try count("SELECT count(*) AS n FROM joined WHERE \(x) < \(first)")
    let test = try count("SELECT count(*) AS n FROM joined WHERE \(x) >= \(first) AND \(x) <= \(end)")
    guard train > 0 else {
      throw MartletError(
        .checkFailed, "the split leaves no rows to train on", cause: "all rows have the same '\(split.column)'")
    }
    return (train, test, Timestamp(milliseconds: cut))
  }

  private var outputColumns: [String] { base.map(\.name) + values.flatMap(\.self) }

  private func copy(_ condition: String, _ name: String) throws {
    let columns = outputColumns.map(SQLText.quote).joined(separator: ", ")
    try database.execute(
      """
      COPY (SELECT \(columns) FROM joined WHERE \(condition) ORDER BY _row)
      TO \(SQLText.literal("\(arguments.output)/\(name).parquet")) (FORMAT parquet, COMPRESSION zstd)
      """)
  }

  private func columns() throws -> [TrainingSet.Column] {
    let names = outputColumns
    let counts = try database.query(
      "SELECT \(names.enumerated().map { "count(*) - count(\(SQLText.quote($1))) AS n\($0)" }.joined(separator: ", ")) FROM joined"
    )
    let described = try database.query("SELECT column_name, column_type FROM (DESCRIBE joined)")
    let types = Dictionary(
      try zip(described.texts("column_name"), described.texts("column_type")).map { ($0 ?? "", $1 ?? "") }
    ) { a, _ in a }
    let owners = Dictionary(zip(views, values).flatMap { view, columns in columns.map { ($0, view.name) } }) {
      a, _ in a
    }
    return try names.enumerated().map { index, name in
      TrainingSet.Column(
        name: name, type: types[name] ?? "", view: owners[name],
        nulls: Int64(try counts.numbers("n\(index)").first ?? 0))
    }
  }
}

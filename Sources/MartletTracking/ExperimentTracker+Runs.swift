package import MartletCore
import MartletStore

extension ExperimentTracker {
  /// Creates a running run. Without a name, from the request or the tag `mlflow.runName`, one is invented.
  package func createRun(_ new: NewRun, by author: Author) async throws -> Run {
    for (index, tag) in new.tags.enumerated() { try BatchRules.checkTag(tag, at: "tags[\(index)].key") }
    let tagged = new.tags.last { $0.key == Self.runNameTag }?.value ?? ""
    let given = new.name ?? ""
    guard given.isEmpty || tagged.isEmpty || given == tagged else {
      throw MartletError.invalidInput(
        "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
          + "(run_name='\(given.prefix(120))', mlflow.runName='\(tagged.prefix(120))').")
    }
    let name = !given.isEmpty ? given : !tagged.isEmpty ? tagged : RunNames.random()
    try BatchRules.checkTag(KeyValue(Self.runNameTag, name))
    try KeyRules.checkLength(new.user, longest: 1024, called: "user_id")
    var tags = new.tags
    if tagged.isEmpty { tags.append(KeyValue(Self.runNameTag, name)) }
    let now = clock.now
    let id = RunID.random()
    return try await database.write { [tags] connection in
      let experiment = try ExperimentStore.active(new.experiment, in: connection)
      let info = RunInfo(
        id: id, experiment: experiment.id, name: name, user: new.user, status: .running,
        startTime: new.startTime ?? now.milliseconds, endTime: nil, lifecycle: .active,
        artifactURI: "\(experiment.artifactLocation)/\(id)/artifacts")
      let number = try RunStore.insert(info, in: connection)
      try ParamStore.setTags(tags, on: number, in: connection)
      try Self.record(
        "run.created", "run:\(id)", after: ["experiment": .string(experiment.id.text), "name": .string(name)],
        by: author, at: now, in: connection)
      return Run(
        info: info, metrics: [], params: [], tags: ParamStore.merged(tags), datasets: [], modelInputs: [],
        modelOutputs: [])
    }
  }

  /// The run with all that was logged to it; a deleted run can be read.
  package func run(_ id: RunID) async throws -> Run {
    try await database.read { connection in
      let row = try RunStore.get(id, in: connection)
      guard let run = try RunStore.complete([row], in: connection).first else {
        throw MartletError.notFound("Run with id=\(id) not found")
      }
      return run
    }
  }

  package func runInfo(_ id: RunID) async throws -> RunInfo {
    try await database.read { try RunStore.get(id, in: $0).info }
  }

  /// Changes what is given. Ending a run is written to the ledger.
  package func updateRun(
    _ id: RunID, status: RunStatus? = nil, endTime: Int64? = nil, name: String? = nil, by author: Author
  ) async throws -> RunInfo {
    if let name { try BatchRules.checkTag(KeyValue(Self.runNameTag, name)) }
    let now = clock.now
    return try await database.write { connection in
      var row = try RunStore.active(id, in: connection)
      let before = row.info.status
      if let status { row.info.status = status }
      if let endTime { row.info.endTime = endTime }
      if let name, !name.isEmpty {
        row.info.name = name
        try ParamStore.setTags([KeyValue(Self.runNameTag, name)], on: row.number, in: connection)
      }
      try RunStore.update(row, in: connection)
      if row.info.status != before {
        try Self.record(
          row.info.status.isOver ? "run.ended" : "run.resumed", "run:\(id)",
          before: ["status": .string(before.rawValue)], after: ["status": .string(row.info.status.rawValue)],
          by: author, at: now, in: connection)
      }
      return row.info
    }
  }

  /// Ends a run now.
  package func endRun(_ id: RunID, as status: RunStatus, by author: Author) async throws {
    _ = try await updateRun(id, status: status, endTime: clock.now.milliseconds, by: author)
  }

  package func deleteRun(_ id: RunID, by author: Author) async throws {
    try await moveRun(id, to: .deleted, action: "run.deleted", by: author)
  }

  package func restoreRun(_ id: RunID, by author: Author) async throws {
    try await moveRun(id, to: .active, action: "run.restored", by: author)
  }

  private func moveRun(_ id: RunID, to lifecycle: Lifecycle, action: String, by author: Author) async throws {
    let now = clock.now
    try await database.write { connection in
      let row = try RunStore.get(id, in: connection)
      guard row.info.lifecycle != lifecycle else { return }
      try RunStore.move(row, to: lifecycle, at: now, in: connection)
      try Self.record(action, "run:\(id)", by: author, at: now, in: connection)
    }
  }

  /// - Throws: `.invalidInput` when the filter or the order is not of MLflow's grammar, saying where.
  package func searchRuns(_ query: RunQuery) async throws -> Page<Run> {
    try Self.checkLimit(query.limit, atMost: 50_000)
    let search = try RunSearch(query)
    return try await database.read { connection in
      let page = try search.page(of: query, in: connection)
      return Page(try RunStore.complete(page.items, in: connection), nextToken: page.nextToken)
    }
  }

  /// How many runs a filter finds.
  package func countRuns(
    experiments: [ExperimentID], filter: String? = nil, view: LifecycleView = .active
  ) async throws -> Int {
    let clauses = try RunSearch.grammar.parse(filter)
    let numbers = try experiments.map(ExperimentStore.number)
    return try await database.read { connection in
      try RunSearch(clauses, experiments: numbers, view: view).count(in: connection)
    }
  }
}

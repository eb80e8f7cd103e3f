import MartletCore

extension StepDefinition {
  private static let kinds: [StepKind] = [.sql, .join, .train, .evaluate, .register, .deploy, .run]

  static func read(_ name: String, _ reader: MappingReader) -> StepDefinition? {
    if ["params", "data", "gate", "out", "now"].contains(name) || name.contains(".") {
      reader.problems.add(
        reader.position, "a step cannot be called '\(name.prefix(64))': references would not tell it apart")
    }
    let written = kinds.filter { reader.has($0.rawValue) }
    if written.isEmpty { for kind in kinds { _ = reader.node(kind.rawValue) } }
    let work = written.compactMap { readWork($0, reader) }.first
    var step = StepDefinition(name: name, work: work ?? .run(""), position: reader.position)
    step.readOut(reader)
    step.readNeeds(reader)
    if step.kind == .run, reader.has("files") { step.files = reader.texts("files") }
    step.resources = reader.child("resources").map(StepResources.read) ?? StepResources()
    step.retry = reader.child("retry").map(StepRetry.read) ?? StepRetry()
    if let executor = reader.text("executor"), executor != "local" {
      reader.problems.addNotYet(reader.position(of: "executor"), "the executor '\(executor.prefix(64))'")
    }
    if reader.integer("slots", in: 1...100_000) != nil { reader.notYet("slots") }
    reader.finish()
    if written.count != 1 {
      reader.problems.add(
        reader.position, "\(reader.path) needs exactly one of \(kinds.map(\.rawValue).joined(separator: ", "))")
    }
    return work == nil ? nil : step
  }

  private static func readWork(_ kind: StepKind, _ reader: MappingReader) -> StepWork? {
    switch kind {
    case .sql: reader.text("sql", required: true).map { .sql(SQLSource($0)) }
    case .run: reader.text("run", required: true).map(StepWork.run)
    case .join: reader.child("join").flatMap { JoinStep.read($0, step: reader) }.map(StepWork.join)
    case .train: reader.child("train").flatMap(TrainStep.read).map(StepWork.train)
    case .evaluate: reader.child("evaluate").flatMap(EvaluateStep.read).map(StepWork.evaluate)
    case .register: reader.child("register").flatMap(RegisterStep.read).map(StepWork.register)
    case .deploy: reader.child("deploy").flatMap(DeployStep.read).map(StepWork.deploy)
    case .gate: nil
    }
  }

  private mutating func readOut(_ reader: MappingReader) {
    for (name, position, node) in reader.members("out") {
      guard let file = reader.problems.text(node, "\(reader.path).out.\(name)") else { continue }
      reader.problems.checkName(file, at: node.position, "\(reader.path).out.\(name)")
      if Reference("\(self.name).\(name)") == nil {
        reader.problems.add(position, "the output '\(name.prefix(64))' needs a name without dots")
      }
      out[name] = file
    }
    let fixed: [StepKind] = [.train, .evaluate, .register, .deploy]
    if !out.isEmpty, fixed.contains(kind) {
      reader.problems.add(
        reader.position(of: "out"),
        "a \(kind.rawValue) step always gives \(outputs.joined(separator: ", ")): leave 'out' away")
    }
  }

  private mutating func readNeeds(_ reader: MappingReader) {
    for node in reader.list("needs") {
      guard let text = reader.problems.text(node, "\(reader.path).needs") else { continue }
      if case .gate(let name)? = Reference(text) { needs.append(.gate(name)) } else { needs.append(.step(text)) }
    }
  }
}

extension StepResources {
  static func read(_ reader: MappingReader) -> StepResources {
    let cpus = reader.number("cpu")
    let resources = StepResources(
      cpus: cpus, memoryBytes: reader.size("memory"), timeMilliseconds: reader.duration("time"))
    reader.finish()
    if let cpus, !(0.1...1024).contains(cpus) {
      reader.problems.add(reader.position(of: "cpu"), "\(reader.path).cpu must be a number from 0.1 to 1024")
    }
    return resources
  }
}

extension StepRetry {
  static func read(_ reader: MappingReader) -> StepRetry {
    var retry = StepRetry()
    retry.maximum = Int(reader.integer("max", in: 0...100, required: true) ?? 0)
    if reader.has("when") {
      retry.causes = Set(
        reader.list("when").compactMap { node in
          guard let text = reader.problems.text(node, "\(reader.path).when") else { return nil }
          if let cause = Cause(rawValue: text) { return cause }
          let all = Cause.allCases.map(\.rawValue)
          reader.problems.add(
            node.position,
            "\(reader.path).when cannot be '\(text.prefix(64))'\(didYouMean(text, among: all)); it is any of \(all.joined(separator: ", "))"
          )
          return nil
        })
    }
    _ = reader.node("when")
    if let backoff = reader.duration("backoff") { retry.backoffMilliseconds = backoff }
    reader.finish()
    return retry
  }
}

import MartletCore

/// What a step does; each kind has one body, given to the runner.
package enum StepKind: String, Sendable, Hashable, Codable, CaseIterable {
  case sql, join, train, evaluate, register, deploy, run
  /// Not written as a step: a gate that a step needs is judged as a step of its own.
  case gate

  /// Whether outputs of an earlier run may be used again. A gate compares with what is live now, and a deployment
  /// looks at the endpoint itself, so both always run.
  package var isCacheable: Bool { self != .gate && self != .deploy }
}

/// A step's kind with its arguments.
package enum StepWork: Sendable, Hashable, Codable {
  case sql(SQLSource)
  case join(JoinStep)
  case train(TrainStep)
  case evaluate(EvaluateStep)
  case register(RegisterStep)
  case deploy(DeployStep)
  /// A command, with `${…}`.
  case run(String)
  case gate(GateStep)

  package var kind: StepKind {
    switch self {
    case .sql: .sql
    case .join: .join
    case .train: .train
    case .evaluate: .evaluate
    case .register: .register
    case .deploy: .deploy
    case .run: .run
    case .gate: .gate
    }
  }
}

/// One step of the project's pipeline.
package struct StepDefinition: Sendable, Hashable, Codable {
  package var name: String
  package var work: StepWork
  /// Outputs by name, and the file or table that holds each; empty for kinds whose outputs are fixed.
  package var out: [String: String] = [:]
  package var needs: [StepNeed] = []
  /// Files of the project that a command reads; nil: it may read any of them.
  package var files: [String]?
  package var resources = StepResources()
  package var retry = StepRetry()
  package var position: SourcePosition

  package init(name: String, work: StepWork, position: SourcePosition = SourcePosition(line: 1, column: 1)) {
    self.name = name
    self.work = work
    self.position = position
  }

  package var kind: StepKind { work.kind }

  /// Names that other steps may write behind `name.`.
  package var outputs: [String] {
    switch work {
    case .sql: out.isEmpty ? ["table"] : out.keys.sorted()
    case .join(let join): out.isEmpty ? (join.split == nil ? ["table"] : ["test", "train"]) : out.keys.sorted()
    case .train: ["metrics", "model", "run"]
    case .evaluate: ["evaluation", "metrics"]
    case .register: ["version"]
    case .deploy: ["deployment"]
    case .run: out.keys.sorted()
    case .gate: ["result"]
    }
  }
}

/// Something that must be done before a step, without being an input of it.
package enum StepNeed: Sendable, Hashable, Codable {
  case step(String)
  case gate(String)
}

/// What a step may use. Nil: the server's defaults.
package struct StepResources: Sendable, Hashable, Codable {
  package var cpus: Double?
  package var memoryBytes: Int64?
  package var timeMilliseconds: Int64?

  package init(cpus: Double? = nil, memoryBytes: Int64? = nil, timeMilliseconds: Int64? = nil) {
    self.cpus = cpus
    self.memoryBytes = memoryBytes
    self.timeMilliseconds = timeMilliseconds
  }
}

/// How often and when a failed step is tried again.
package struct StepRetry: Sendable, Hashable, Codable {
  package enum Cause: String, Sendable, Hashable, Codable, CaseIterable {
    /// The step ended with an error of its own.
    case exit
    /// The machine or the worker under it went away.
    case nodeLost = "node-lost"
    case timeout
  }

  /// Further attempts after the first.
  package var maximum = 0
  package var causes: Set<Cause> = Set(Cause.allCases)
  /// Pause before the second attempt; it doubles with each further one, up to an hour.
  package var backoffMilliseconds: Int64 = 1000

  package init(maximum: Int = 0, causes: Set<Cause> = Set(Cause.allCases), backoffMilliseconds: Int64 = 1000) {
    self.maximum = maximum
    self.causes = causes
    self.backoffMilliseconds = backoffMilliseconds
  }
}

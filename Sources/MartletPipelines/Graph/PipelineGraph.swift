import MartletCore

/// The project's steps, and the gates that they need, in an order in which each comes after what it needs.
package struct PipelineGraph: Sendable {
  /// One step with what it needs and reads.
  package struct Node: Sendable, Hashable {
    package var step: StepDefinition
    /// Steps (and gates, as `gate.name`) that must be done before, by name.
    package var needs: [String]
    /// Outputs of other steps that it takes in.
    package var inputs: [StepOutputName]
    package var datasets: [String]
    package var features: [String]
    package var params: [String]

    package var name: String { step.name }
  }

  /// In the order in which they could run one by one: as in the file, unless something needed stands further down.
  package private(set) var nodes: [Node]

  /// - Throws: when steps need each other in a circle, or a gate has nothing to judge.
  package init(_ file: ProjectFile, files: ProjectFiles?) throws {
    let problems = FileProblems(fileName: file.fileName)
    self = PipelineGraph(file, files: files, problems: problems)
    try problems.throwIfAny()
  }

  init(_ file: ProjectFile, files: ProjectFiles?, problems: FileProblems) {
    let reader = NodeReader(file: file, files: files, problems: problems)
    nodes = []
    sort(reader.nodes(), problems)
  }

  package func node(_ name: String) -> Node? { nodes.first { $0.name == name } }

  /// Steps that directly need `name`.
  package func dependents(of name: String) -> [String] { nodes.filter { $0.needs.contains(name) }.map(\.name) }

  /// The graph of some steps and all they need. Empty targets: everything.
  package func restricted(to targets: [String]) throws -> PipelineGraph {
    guard !targets.isEmpty else { return self }
    var wanted: Set<String> = []
    var open = targets
    while let name = open.popLast() {
      guard let node = node(name) else {
        throw MartletError.notFound(
          "there is no step '\(name.prefix(64))'\(didYouMean(name, among: nodes.map(\.name)))")
      }
      if wanted.insert(name).inserted { open += node.needs }
    }
    var graph = self
    graph.nodes = nodes.filter { wanted.contains($0.name) }
    return graph
  }

  private mutating func sort(_ unsorted: [Node], _ problems: FileProblems) {
    var rest = unsorted
    var done: Set<String> = []
    while let index = rest.firstIndex(where: { $0.needs.allSatisfy(done.contains) }) {
      done.insert(rest[index].name)
      nodes.append(rest.remove(at: index))
    }
    guard let first = Self.circle(in: rest), let start = rest.first(where: { $0.name == first[0] }) else { return }
    let names = first + [first[0]]
    problems.add(start.step.position, "the steps depend on each other in a circle: \(names.joined(separator: " → "))")
  }

  /// One circle among nodes that all wait for another, in the direction in which outputs flow.
  private static func circle(in nodes: [Node]) -> [String]? {
    let waiting = Set(nodes.map(\.name))
    let needs = Dictionary(nodes.map { ($0.name, $0.needs.filter(waiting.contains)) }, uniquingKeysWith: { a, _ in a })
    guard var name = nodes.first?.name else { return nil }
    var path: [String] = []
    while !path.contains(name) {
      path.append(name)
      guard let next = needs[name]?.first else { return nil }
      name = next
    }
    let circle = Array(path.drop { $0 != name }.reversed())
    // Start at the step that stands first in the file.
    let start = nodes.map(\.name).first(where: circle.contains).flatMap(circle.firstIndex) ?? 0
    return Array(circle[start...] + circle[..<start])
  }
}

/// Makes nodes of steps: finds what each needs in its arguments, its SQL and its command.
private struct NodeReader {
  let file: ProjectFile
  let files: ProjectFiles?
  let problems: FileProblems

  func nodes() -> [PipelineGraph.Node] {
    var nodes: [PipelineGraph.Node] = []
    var gates: [String: Int] = [:]
    for step in file.steps {
      for gate in step.neededGates {
        let evaluations = evaluations(judgedFor: step)
        if evaluations.isEmpty {
          problems.add(
            step.position,
            "steps.\(step.name) needs gate.\(gate), but no step evaluates what it judges; add an evaluate step")
        }
        if let index = gates[gate] {
          nodes[index].add(evaluations)
        } else if let section = file.gate(gate) {
          gates[gate] = nodes.count
          nodes.append(gateNode(section, evaluations))
        }
      }
      nodes.append(node(step))
    }
    return nodes
  }

  private func gateNode(_ section: GateSection, _ evaluations: [String]) -> PipelineGraph.Node {
    let work = GateStep(gate: section.name, lines: section.lines, evaluations: [])
    let step = StepDefinition(name: "gate.\(section.name)", work: .gate(work), position: section.position)
    var node = PipelineGraph.Node(step: step, needs: [], inputs: [], datasets: [], features: [], params: [])
    node.add(evaluations)
    return node
  }

  /// The evaluations of the model that a step registers; of any model when it registers none.
  private func evaluations(judgedFor step: StepDefinition) -> [String] {
    var model: StepOutputName?
    if case .register(let register) = step.work { model = register.model }
    return file.steps.compactMap { other in
      guard case .evaluate(let evaluate) = other.work, model == nil || evaluate.model == model else { return nil }
      return other.name
    }
  }

  private func node(_ step: StepDefinition) -> PipelineGraph.Node {
    var references = step.work.outputReferences.map { Reference.output($0.0) }
    var node = PipelineGraph.Node(step: step, needs: [], inputs: [], datasets: [], features: [], params: [])
    switch step.work {
    case .sql(let source):
      references += templateReferences((try? files.map { try source.statement(in: $0) }) ?? source.inline)
    case .run(let command): references += templateReferences(command)
    case .join(let join):
      node.features = join.features
      for name in join.features { references += featureReferences(name) }
    case .train(let train): if let name = train.label.parameter { references.append(.parameter(name)) }
    case .evaluate, .register, .deploy, .gate: break
    }
    for need in step.needs {
      switch need {
      case .step(let name): node.needs.append(name)
      case .gate(let name): if file.gate(name) != nil { node.needs.append("gate.\(name)") }
      }
    }
    node.add(references)
    return node
  }

  private func templateReferences(_ text: String?) -> [Reference] { text.map { Template($0).references } ?? [] }

  /// What a feature view reads: `${…}` in its SQL, and datasets that it names as tables.
  private func featureReferences(_ name: String) -> [Reference] {
    guard let section = file.feature(name),
      let text = (try? files.map { try section.sql.statement(in: $0) }) ?? section.sql.inline
    else { return [] }
    let words = SQLWords.words(of: text)
    return Template(text).references
      + file.data.map(\.name).filter { words.contains($0.lowercased()) }.map(Reference.data)
  }
}

extension SQLSource {
  /// The statement where it is written in place.
  var inline: String? { if case .text(let text) = self { text } else { nil } }
}

extension StepDefinition {
  package var neededGates: [String] {
    needs.compactMap { if case .gate(let name) = $0 { name } else { nil } }
  }
}

extension PipelineGraph.Node {
  fileprivate mutating func add(_ references: [Reference]) {
    for reference in references {
      switch reference {
      case .output(let output):
        inputs.append(output)
        needs.append(output.step)
      case .data(let name): datasets.append(name)
      case .parameter(let name): params.append(name)
      case .gate, .outFile, .now: break
      }
    }
    inputs = Set(inputs).sorted()
    datasets = Set(datasets).sorted()
    params = Set(params).sorted()
    var seen: Set<String> = []
    needs = needs.filter { seen.insert($0).inserted }
  }

  fileprivate mutating func add(_ evaluations: [String]) {
    guard case .gate(var gate) = step.work else { return }
    gate.evaluations = Set(gate.evaluations + evaluations).sorted()
    step.work = .gate(gate)
    add(evaluations.map { .output(StepOutputName(step: $0, output: "evaluation")) })
  }
}

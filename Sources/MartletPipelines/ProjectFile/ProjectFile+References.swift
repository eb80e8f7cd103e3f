import MartletCore

/// Checks that whatever the file points at is there.
extension ProjectFile {
  func checkReferences(_ reader: MappingReader, files: ProjectFiles?) {
    let check = ReferenceCheck(
      file: self, files: files, problems: reader.problems,
      broken: Set(reader.members("steps").map(\.name))
        .union(reader.members("features").map(\.name)).subtracting(steps.map(\.name) + features.map(\.name)))
    for feature in features { check.sql(feature.sql, at: feature.position, in: "features.\(feature.name)", step: nil) }
    for step in steps { check.step(step) }
    if reader.problems.isEmpty { _ = PipelineGraph(self, files: files, problems: reader.problems) }
    for endpoint in endpoints {
      if let gate = endpoint.rollbackGate { check.gate(gate, at: endpoint.position, in: "endpoints.\(endpoint.name)") }
    }
    for monitor in monitors {
      check.known(monitor.endpoint, "endpoint", among: endpoints.map(\.name), at: monitor.position, in: "monitors")
    }
    for (index, trigger) in triggers.enumerated() { check.trigger(trigger, reader, index) }
    for dataset in data {
      for (column, file) in dataset.valueFiles {
        check.path(file, at: dataset.position, in: "data.\(dataset.name).schema.\(column)")
      }
    }
  }
}

private struct ReferenceCheck {
  let file: ProjectFile
  let files: ProjectFiles?
  let problems: FileProblems
  /// Steps and feature views that are written and could not be read: what names them is not wrong as well.
  let broken: Set<String>

  func known(_ name: String, _ what: String, among names: [String], at position: SourcePosition, in place: String) {
    guard !names.contains(name), !broken.contains(name) else { return }
    let hint = didYouMean(name, among: names)
    let list =
      !hint.isEmpty
      ? hint : names.isEmpty ? "; there are none" : "; there are \(names.prefix(20).joined(separator: ", "))"
    problems.add(position, "\(place): unknown \(what) '\(name.prefix(64))'\(list)")
  }

  func gate(_ name: String, at position: SourcePosition, in place: String) {
    known(name, "gate", among: file.gates.map(\.name), at: position, in: place)
  }

  func path(_ path: String, at position: SourcePosition, in place: String) {
    guard let files else { return }
    if !files.has(path) {
      problems.add(
        position, "\(place): the project has no file '\(path.prefix(128))'\(didYouMean(path, among: files.paths))")
    }
  }

  func trigger(_ trigger: TriggerDefinition, _ reader: MappingReader, _ index: Int) {
    let nodes = reader.list("triggers")
    let position = nodes.indices.contains(index) ? nodes[index].position : reader.position(of: "triggers")
    switch trigger {
    case .data(let name, _): known(name, "dataset", among: file.data.map(\.name), at: position, in: "triggers")
    case .monitor(let name, _):
      known(name.text, "monitor", among: file.monitors.map(\.endpoint), at: position, in: "triggers")
    case .cron, .webhook: break
    }
  }

  func step(_ step: StepDefinition) {
    let place = "steps.\(step.name)"
    for need in step.needs {
      switch need {
      case .gate(let name): gate(name, at: step.position, in: "\(place).needs")
      case .step(let name): known(name, "step", among: file.steps.map(\.name), at: step.position, in: "\(place).needs")
      }
    }
    for file in step.files ?? [] { path(file, at: step.position, in: "\(place).files") }
    work(step, place)
  }

  private func work(_ step: StepDefinition, _ place: String) {
    for (reference, kind) in step.work.outputReferences {
      output(reference, at: step.position, in: place)
      guard let kind, let target = file.step(reference.step), target.outputs.contains(reference.output),
        target.kind != kind
      else { continue }
      problems.add(
        step.position,
        "\(place): '\(reference)' comes from a \(target.kind.rawValue) step; a \(kind.rawValue) step's is needed")
    }
    switch step.work {
    case .sql(let source): sql(source, at: step.position, in: place, step: step)
    case .run(let command): template(Template(command), at: step.position, prefix: "\(place).run", step: step)
    case .train(let train):
      if let name = train.label.parameter { parameter(name, at: step.position, in: "\(place).train.label") }
    case .join(let join):
      for name in join.features {
        known(name, "feature view", among: file.features.map(\.name), at: step.position, in: "\(place).join.features")
      }
    case .deploy(let deploy):
      known(
        deploy.endpoint.text, "endpoint", among: file.endpoints.map(\.name), at: step.position, in: "\(place).deploy")
    case .evaluate, .register, .gate: break
    }
  }

  private func parameter(_ name: String, at position: SourcePosition, in place: String) {
    known(name, "parameter", among: file.params.keys.sorted(), at: position, in: place)
  }

  private func output(_ name: StepOutputName, at position: SourcePosition, in place: String) {
    guard let step = file.step(name.step) else {
      return known(name.step, "step", among: file.steps.map(\.name), at: position, in: "\(place): '\(name)'")
    }
    known(name.output, "output of \(name.step)", among: step.outputs, at: position, in: place)
  }

  func sql(_ source: SQLSource, at position: SourcePosition, in place: String, step: StepDefinition?) {
    switch source {
    case .text(let text): template(Template(text), at: position, prefix: "\(place).sql", step: step)
    case .file(let path):
      self.path(path, at: position, in: place)
      guard let text = try? files?.text(path) else { return }
      template(Template(text), at: position, prefix: path, step: step, isFile: true)
    }
  }

  private func template(
    _ template: Template, at position: SourcePosition, prefix: String, step: StepDefinition?, isFile: Bool = false
  ) {
    func place(_ inner: SourcePosition) -> String { isFile ? "\(prefix):\(inner)" : prefix }
    for problem in template.malformed { problems.add(position, "\(place(problem.position)): \(problem.message)") }
    for case .reference(let reference, let inner) in template.parts {
      switch reference {
      case .parameter(let name): parameter(name, at: position, in: place(inner))
      case .data(let name): known(name, "dataset", among: file.data.map(\.name), at: position, in: place(inner))
      case .now: break
      case .gate: problems.add(position, "\(place(inner)): a gate has no value; name it under needs")
      case .outFile(let name):
        if let step, step.kind == .run {
          known(name, "output", among: step.out.keys.sorted(), at: position, in: place(inner))
        } else {
          problems.add(position, "\(place(inner)): ${out.…} is for commands; SQL returns its table")
        }
      case .output(let name):
        if step == nil {
          problems.add(position, "\(place(inner)): a feature view reads datasets only, not '\(name)'")
        } else {
          output(name, at: position, in: place(inner))
        }
      }
    }
  }
}

extension StepWork {
  /// Outputs that the arguments name, each with the kind of step it must come from where that matters.
  package var outputReferences: [(StepOutputName, StepKind?)] {
    switch self {
    case .join(let join): [(join.table, nil)]
    case .train(let train): [(train.table, nil)]
    case .evaluate(let evaluate): [(evaluate.model, .train), (evaluate.table, nil)]
    case .register(let register): [(register.model, .train)]
    case .deploy(let deploy): [(deploy.version, .register)]
    case .sql, .run, .gate: []
    }
  }
}

import Foundation
import MartletArtifacts
import MartletCore
package import MartletPipelines

/// What each kind of step does, on the services of one platform.
package struct StepBodies: Sendable {
  let platform: Platform

  package init(platform: Platform) { self.platform = platform }

  /// One body for each kind; a gate is judged as a step of its own. `run` steps are the pipeline module's.
  package var all: [StepKind: StepBody] {
    [
      .sql: { step, context in
        guard case .sql(let source) = step.work else { throw Self.mismatch(step) }
        return try await sql(step, source, context)
      },
      .join: { step, context in
        guard case .join(let join) = step.work else { throw Self.mismatch(step) }
        return try await self.join(step, join, context)
      },
      .train: { step, context in
        guard case .train(let train) = step.work else { throw Self.mismatch(step) }
        return try await self.train(step, train, context)
      },
      .evaluate: { step, context in
        guard case .evaluate(let evaluate) = step.work else { throw Self.mismatch(step) }
        return try await self.evaluate(evaluate, context)
      },
      .gate: { step, context in
        guard case .gate(let gate) = step.work else { throw Self.mismatch(step) }
        return try await self.gate(gate, context)
      },
      .register: { step, context in
        guard case .register(let register) = step.work else { throw Self.mismatch(step) }
        return try await self.register(register, context)
      },
      .deploy: { step, context in
        guard case .deploy(let deploy) = step.work else { throw Self.mismatch(step) }
        return try await self.deploy(deploy, context)
      },
    ]
  }

  private static func mismatch(_ step: StepDefinition) -> MartletError {
    MartletError(.internalError, "the step '\(step.name)' reached the body of another kind")
  }

  /// The table behind an input, as a local Parquet file.
  func table(_ name: StepOutputName, _ context: StepContext) async throws -> (digest: Digest, path: String) {
    guard let digest = context.inputs[name]?.digest else {
      throw MartletError(.internalError, "the input '\(name)' is not a table")
    }
    return (digest, try await platform.artifacts.path(of: digest))
  }

  /// The small value behind an input.
  func value<Value: Decodable>(_ name: StepOutputName, _ context: StepContext, as type: Value.Type) throws -> Value {
    guard let value = context.inputs[name]?.value else {
      throw MartletError(.internalError, "the input '\(name)' has no value")
    }
    return try value.decode(type)
  }

  /// Metrics in one short line.
  static func short(_ metrics: [String: Double]) -> String {
    ["roc_auc", "pr_auc", "brier", "value_per_1000"].compactMap { name in
      metrics[name].map { value in "\(name) \(abs(value) < 10 ? (value * 10_000).rounded() / 10_000 : value.rounded())"
      }
    }.joined(separator: ", ")
  }
}

import MartletCore
import MartletLedger
import Testing

@testable import MartletGoals

@Suite("Flow measures") struct FlowMeasuresTests {
  static func at(_ day: Int, hour: Int64 = 0) -> Timestamp {
    Timestamp(year: 2013, month: 6, day: day) + .seconds(hour * 3600)
  }

  static let story = [
    FlowEntry(action: "dataset.version.committed", object: "dataset:p/flights", at: at(1)),
    FlowEntry(action: "dataset.version.committed", object: "dataset:p/flights", at: at(2)),
    FlowEntry(action: "pipeline.started", object: "pipeline:a", at: at(2, hour: 1)),
    FlowEntry(action: "dataset.version.committed", object: "dataset:p/flights", at: at(3)),
    FlowEntry(
      action: "model.version.registered", object: "model:m@1", at: at(2, hour: 2), related: ["pipeline_run": "a"]),
    FlowEntry(action: "deployment.promoted", object: "endpoint:m", at: at(4), related: ["model_version": "m@1"]),
    FlowEntry(action: "dataset.partition.quarantined", object: "dataset:p/flights", at: at(5)),
    FlowEntry(action: "alert.raised", object: "alert:x", at: at(6), related: ["severity": "error"]),
    FlowEntry(action: "alert.raised", object: "alert:y", at: at(6), related: ["severity": "warn"]),
    FlowEntry(action: "alert.resolved", object: "alert:x", at: at(6, hour: 5)),
    FlowEntry(action: "alert.resolved", object: "alert:y", at: at(7)),
    FlowEntry(action: "deployment.rolled_back", object: "endpoint:m", at: at(8), related: ["model_version": "m@2"]),
  ]

  @Test("All measures come from the entries") func story() {
    let flow = FlowMeasures(entries: Self.story.shuffled(), from: Self.at(1), to: Self.at(11))
    #expect(flow.deployments == 1)
    #expect(flow.deploymentsPer30Days == 3)
    #expect(flow.changeFailRate == 0.5)
    #expect(flow.dataErrorRate == 0.25)
    #expect(flow.cycleTime?.medianMilliseconds == Int64(2 * 86_400_000))
    #expect(flow.timeToRecover?.count == 1)
    #expect(flow.timeToRecover?.medianMilliseconds == Int64(5 * 3_600_000))
  }

  @Test("What an entry names is read from what it records") func related() {
    func entry(_ action: String, _ object: String, _ after: JSON) -> FlowEntry {
      FlowEntry(LedgerEntry(action: action, object: object, after: after), at: Self.at(1))
    }
    let promoted = entry("deployment.promoted", "endpoint:m", ["version": "m@1", "deployment": "d"])
    #expect(promoted.related == ["model_version": "m@1"])
    let registered = entry("model.version.registered", "model:m@1", ["lineage": ["pipelineRun": "a"]])
    #expect(registered.related == ["pipeline_run": "a"])
    #expect(entry("alert.raised", "alert:x", ["severity": "error"]).related == ["severity": "error"])
  }

  @Test("Where nothing is on record there is no number") func empty() {
    let flow = FlowMeasures(entries: [], from: Self.at(1), to: Self.at(11))
    #expect(flow.deployments == 0)
    #expect(flow.cycleTime == nil)
    #expect(flow.changeFailRate == nil)
    #expect(flow.timeToRecover == nil)
    #expect(flow.dataErrorRate == nil)
  }

  @Test("A promotion before the period is not counted, and what it came from may lie before") func period() {
    let flow = FlowMeasures(entries: Self.story, from: Self.at(4), to: Self.at(11))
    #expect(flow.cycleTime?.count == 1)
    #expect(FlowMeasures(entries: Self.story, from: Self.at(5), to: Self.at(11)).deployments == 0)
  }

  @Test("The median of an even number of times lies between the middle two") func median() {
    #expect(FlowMeasures.Spread([4, 1, 3, 2])?.medianMilliseconds == Int64(2))
    #expect(FlowMeasures.Spread([4, 1, 3])?.medianMilliseconds == Int64(3))
  }
}

import MartletCore
import MartletStore
import Testing

@testable import MartletTracking

@Suite("The filter grammar")
struct FilterGrammarTests {
  @Test("Every filter of the script means what the script says")
  func script() throws {
    let script = try TestScript(named: "filter-grammar")
    #expect(script.questions.count > 40)
    for question in script.questions {
      let meaning: String
      do {
        let clauses = try RunSearch.grammar.parse(question.text)
        meaning = clauses.isEmpty ? "(nothing)" : clauses.map(\.description).joined(separator: " AND ")
      } catch let error as MartletError {
        meaning = "error: " + error.message
      }
      if question.answer.hasPrefix("error:") {
        #expect(meaning.hasPrefix(question.answer), "line \(question.line): \(question.text)")
      } else {
        #expect(meaning == question.answer, "line \(question.line): \(question.text)")
      }
    }
  }

  @Test("A filter of more than fifty clauses is refused")
  func tooManyClauses() {
    let filter = Array(repeating: "params.a = 'x'", count: 51).joined(separator: " AND ")
    #expect(throws: MartletError.self) { try RunSearch.grammar.parse(filter) }
  }

  @Test("An order names each thing once, by a known direction")
  func orders() throws {
    let orders = try RunSearch.grammar.parseOrders(["metrics.`a b` DESC", "start_time"])
    #expect(orders.map(\.description) == ["metric.`a b` DESC", "start_time ASC"])
    for wrong in [["start_time", "created desc"], ["start_time sideways"], ["metrics"], ["lifecycle_stage"], [""]] {
      #expect(throws: MartletError.self, "\(wrong)") { try RunSearch.grammar.parseOrders(wrong) }
    }
  }
}
